"""Files that are either whole or absent; the only writer of what somebody else may be reading."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

_OWNER_ONLY: Final = 0o600


@contextmanager
def whole_file(path: Path, is_private: bool = False) -> Iterator[Path]:
    """Gives a temporary name to write to, which becomes `path` when the block ends without an error.

    By then the content is on the disk. Several processes, also of several machines, may write the same file.

    Args:
        path: Its folder is made if it is missing.
        is_private: Whether only the owner may read the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{socket.gethostname()}.{os.getpid()}.partial")
    try:
        if is_private:
            temporary.unlink(missing_ok=True)
            os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY))
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Waits for the lock that a file stands for, and holds it; it is gone with the process."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def write_bytes(path: Path, content: bytes, is_private: bool = False) -> None:
    """Writes bytes."""
    with whole_file(path, is_private) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str, is_private: bool = False) -> None:
    """Writes UTF-8."""
    write_bytes(path, text.encode("utf-8"), is_private)


def write_json(path: Path, content: Any) -> None:
    """Writes strict JSON (no NaN), any text as it is."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False))
