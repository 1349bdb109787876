"""The emulator, and the compiled pipeline in the forms that the tests look at."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def emulator():
    spec = importlib.util.spec_from_file_location("kfp_emulator", Path(__file__).with_name("emulator.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def compile_kubeflow(tmp_path_factory):
    """Calls `towerline compile kubeflow` and returns the finished process and the file."""

    def call(*arguments, root="/mnt/pipeline"):
        output = tmp_path_factory.mktemp("compiled") / "pipeline.yaml"
        command = [sys.executable, "-m", "pipeline", "compile", "kubeflow", "--output", output]
        command += ["--image", "registry.example/towerline:1", "--pipeline-root", root, *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        folder = tmp_path_factory.mktemp("elsewhere")
        done = subprocess.run(
            list(map(str, command)), env=environment, cwd=folder, capture_output=True, text=True, check=False
        )
        return done, output

    return call
