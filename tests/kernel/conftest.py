"""A made-up version for the kernel."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from kernel.library import Library


@pytest.fixture(scope="session")
def library(built_kernel) -> Library:
    """The kernel as set-up builds it."""
    return built_kernel


@pytest.fixture(scope="session")
def synthetic():
    """`synthetic(seed)` gives the tables and settings of a made-up version."""
    path = Path(__file__).with_name("synthetic.py")
    spec = importlib.util.spec_from_file_location("towerline_synthetic", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.synthetic
