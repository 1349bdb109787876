"""A record as a file that one process appends to while another may take lines out of it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from schema.errors import UserError
from schema.files import write_text


class RecordFile:
    """Appends whole lines to a file that only its owner can read.

    Args:
        path: The file; made if it is not there.

    Raises:
        UserError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _opened(path)

    def append(self, text: str) -> None:
        """Writes lines; if the file has been replaced meanwhile, to the one that is there now."""
        while True:
            with _locked(self._file):
                if _is_at(self._file, self._path):
                    self._file.write(text)
                    self._file.flush()
                    return
            self._file.close()
            self._file = _opened(self._path)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


@contextmanager
def rewritten(path: Path) -> Iterator[list[str]]:
    """Gives the lines of a file, with their ends, and replaces the file by what is left of them.

    That is done whole or not at all, and whoever appends waits. A file that is not there has no lines, and
    is not made.
    """
    if not path.is_file():
        yield []
        return
    with path.open(encoding="utf-8", errors="replace") as file, _locked(file):
        lines = file.read().splitlines(keepends=True)
        before = list(lines)
        yield lines
        if lines != before:
            write_text(path, "".join(lines), is_private=True)


def _opened(path: Path) -> TextIO:
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise UserError(
            f"The record cannot be written. Received: --record {path} ({error.strerror}). "
            "Remedy: name a file in a folder that can be written."
        ) from error
    return os.fdopen(number, "w", encoding="utf-8")


def _is_at(file: TextIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


@contextmanager
def _locked(file: TextIO) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)
