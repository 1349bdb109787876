"""Identifies the code that the nodes run: TFX's cache compares inputs and parameters only."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

_PACKAGES: Final = ("components", "kernel", "schema", "trainer", "transform")


def code_digest(root: Path | None = None) -> str:
    """Returns a hash of the sources of the packages whose code makes artifacts.

    The package `pipeline` is left out: what it decides reaches the nodes as parameters.

    Args:
        root: The folder that holds the packages, by default where this one is installed.
    """
    root = root or Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for package in _PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
