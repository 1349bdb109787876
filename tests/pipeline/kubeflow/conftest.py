"""The emulator, and the compiled pipeline in the forms that the tests look at."""

from __future__ import annotations

import importlib.util
import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
IMPORTED = ("pipeline.cli", "pipeline.create_pipeline", "kfp")
"""What compiling needs the most of."""


@pytest.fixture(scope="session")
def emulator():
    spec = importlib.util.spec_from_file_location("kfp_emulator", Path(__file__).with_name("emulator.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def compile_kubeflow(tmp_path_factory, warm_interpreter):
    """Calls `towerline compile kubeflow`, the first time from the very start; the process and the file."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    interpreters = []
    calls = itertools.count()

    def call(*arguments, root="/mnt/pipeline"):
        output = tmp_path_factory.mktemp("compiled") / "pipeline.yaml"
        command = [sys.executable, "-m", "pipeline", "compile", "kubeflow", "--output", output]
        command += ["--image", "registry.example/towerline:1", "--pipeline-root", root, *arguments]
        command, folder = list(map(str, command)), tmp_path_factory.mktemp("elsewhere")
        if next(calls) == 0:
            start = {"env": environment, "cwd": folder, "capture_output": True, "text": True}
            return subprocess.run(command, **start, check=False), output
        if not interpreters:
            interpreters.append(warm_interpreter(IMPORTED, environment))
        return interpreters[0].run(command, {}, folder), output

    yield call
    for interpreter in interpreters:
        interpreter.close()
