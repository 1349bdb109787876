"""Sends what TFX, Beam and TensorFlow write to a file, C++ included, and keeps the terminal for us."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO


@dataclass(frozen=True)
class Terminal:
    """The real stdout and stderr, while the file descriptors 1 and 2 lead to a log."""

    out: TextIO
    err: TextIO


@contextlib.contextmanager
def captured(log: Path) -> Iterator[Terminal]:
    """Redirects the file descriptors 1 and 2, and what Python calls stdout and stderr, to `log`."""
    _flush()
    saved = [os.dup(1), os.dup(2)]
    with log.open("ab") as target:
        os.dup2(target.fileno(), 1)
        os.dup2(target.fileno(), 2)
    terminal = Terminal(
        *(os.fdopen(os.dup(number), "w", encoding="utf-8", errors="replace") for number in saved)
    )
    try:
        with (
            log.open("a", encoding="utf-8", buffering=1) as text,
            contextlib.redirect_stdout(text),
            contextlib.redirect_stderr(text),
        ):
            yield terminal
    finally:
        _flush()
        for stream in (terminal.out, terminal.err):
            with contextlib.suppress(OSError):
                stream.close()
        for number, kept in zip((1, 2), saved, strict=True):
            os.dup2(kept, number)
            os.close(kept)


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Holds back what C++ libraries write to stderr; it is written after all if the block fails."""
    _flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(saved, held.read())
            raise
        finally:
            _flush()
            os.dup2(saved, 2)
            os.close(saved)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
