"""Sends what TFX, Beam and TensorFlow write to a file, C++ included, and keeps the terminal for us."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from schema.errors import UserError


@dataclass(frozen=True)
class Terminal:
    """The real stdout and stderr, while the file descriptors 1 and 2 lead to a log."""

    out: TextIO
    err: TextIO


_sink: TextIO | None = None
"""Where loggers write that were set up while something was captured: they keep the stream they found."""


@contextlib.contextmanager
def captured(log: Path) -> Iterator[Terminal]:
    """Redirects the file descriptors 1 and 2, and what Python calls stdout and stderr, to `log`.

    Loggers that were set up meanwhile write to `log` afterwards too, until the next capture.
    """
    _flush()
    saved = [os.dup(1), os.dup(2)]
    with log.open("ab") as target:
        os.dup2(target.fileno(), 1)
        os.dup2(target.fileno(), 2)
    terminal = Terminal(
        *(os.fdopen(os.dup(number), "w", encoding="utf-8", errors="replace") for number in saved)
    )
    text = _new_sink(log)
    try:
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
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
    """Holds back what C++ libraries write to stderr; it is written after all if the block fails.

    A user error is no failure: what is wrong stands in its message.
    """
    _flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except UserError:
            raise
        except BaseException:
            held.seek(0)
            os.write(saved, held.read())
            raise
        finally:
            _flush()
            os.dup2(saved, 2)
            os.close(saved)


def _new_sink(log: Path) -> TextIO:
    """Opens `log`, and leads to it the loggers that still write to the log of an earlier capture."""
    global _sink
    earlier, _sink = _sink, log.open("a", encoding="utf-8", buffering=1)
    if earlier is not None:
        for handler in _handlers():
            if isinstance(handler, logging.StreamHandler) and handler.stream is earlier:
                handler.setStream(_sink)
        earlier.close()
    return _sink


def _handlers() -> Iterator[logging.Handler]:
    for logger in (logging.root, *logging.root.manager.loggerDict.values()):
        yield from getattr(logger, "handlers", ())


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()


def quiet() -> None:
    """Has it say nothing but what ends the process, whoever imports it later."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # read on import


def import_tensorflow() -> None:
    """Imports it, before anything else does; after that it says nothing but what ends the process."""
    quiet()
    with quiet_stderr():
        import tensorflow  # noqa: F401
