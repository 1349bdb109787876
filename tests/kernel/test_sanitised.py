"""A damaged or foreign table is refused or harmless, and nothing is read or written out of bounds."""

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


def test_the_sanitisers_find_nothing(tmp_path):
    library = build(tmp_path / "sanitised.so", OPTIONS)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        # The sanitiser looks for the runtime of C++ exceptions when it starts, before Python has loaded it.
        "LD_PRELOAD": " ".join(map(_library_of_compiler, ("libasan.so", "libstdc++.so"))),
        "ASAN_OPTIONS": "detect_leaks=0",  # Python keeps much to its end
    }
    script = str(Path(__file__).with_name("sanitised.py"))
    done = subprocess.run(
        [sys.executable, script, str(library)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answered, refused, harmless = map(int, done.stdout.split())
    assert answered > 400 and refused > 150 and harmless > 20
