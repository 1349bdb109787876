"""A damaged or foreign table is refused or harmless; nothing is read out of bounds or while it is written."""

import os
import subprocess
import sys
from pathlib import Path

from kernel.building import build

ROOT = Path(__file__).parents[2]
OPTIONS = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def _library_of_compiler(name):
    found = subprocess.run(["g++", f"-print-file-name={name}"], capture_output=True, text=True, check=True)
    return found.stdout.strip()


def _run(library, script, runtime, options):
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        # The sanitiser looks for the runtime of C++ exceptions when it starts, before Python has loaded it.
        "LD_PRELOAD": " ".join(map(_library_of_compiler, (runtime, "libstdc++.so"))),
        **options,
    }
    command = [sys.executable, str(Path(__file__).with_name(script)), str(library)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    return [int(number) for number in done.stdout.split()]


def test_the_sanitisers_find_nothing(tmp_path):
    library = build(tmp_path / "sanitised.so", OPTIONS)
    options = {"ASAN_OPTIONS": "detect_leaks=0"}  # Python keeps much to its end
    answered, refused, harmless = _run(library, "sanitised.py", "libasan.so", options)
    assert answered > 400 and refused > 150 and harmless > 20
    assert _run(library, "threads.py", "libasan.so", options) == [40, 0]


def test_the_thread_sanitiser_finds_no_race(tmp_path):
    library = build(tmp_path / "threads.so", ("-O1", "-g", "-fsanitize=thread"))
    options = {"TSAN_OPTIONS": "die_after_fork=0:halt_on_error=1"}
    assert _run(library, "threads.py", "libtsan.so", options) == [40, 0]
