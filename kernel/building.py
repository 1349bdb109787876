"""Compiles the kernel where there is a compiler: `python -m kernel.building`, at set-up."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kernel.library import BUILT, SOURCES, source_digest

# No instruction set is assumed: products of matrices are compiled for several, one is chosen at the start.
_OPTIONS: Final = ("-std=gnu++17", "-O3", "-fPIC", "-shared", "-pthread", "-Wall", "-Wextra", "-Wno-psabi")


def build(target: Path = BUILT, options: Sequence[str] = ()) -> Path:
    """Compiles the kernel; a library that is in use stays whole until the new one is.

    Args:
        target: Where to.
        options: Further ones of the compiler.

    Raises:
        OSError: There is no compiler.
        subprocess.CalledProcessError: It refuses the source.
    """
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    if compiler is None:
        raise FileNotFoundError("no C++ compiler (g++)")
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    digest = f'-DTOWERLINE_SOURCE="{source_digest()}"'
    command = [compiler, *_OPTIONS, *options, digest, "-o", str(temporary)]
    command += [str(path) for path in SOURCES if path.suffix == ".cpp"]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def main() -> int:
    """Builds it unless it is there; what does not build is said, and the session answers without it."""
    if BUILT.is_file() and source_digest().encode() in BUILT.read_bytes():
        return 0
    try:
        build()
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", None) or error
        sys.stderr.write(f"The kernel is not built, and the session will answer: {reason}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
