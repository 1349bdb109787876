"""The work directory: where things are, and one run at a time in it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from schema.errors import UserError

_LOCK = "run.lock"


def usable_workdir(directory: str) -> Path:
    """Makes the work directory, if it is not there, and returns its absolute path.

    Raises:
        UserError: It cannot be written.
    """
    path = Path(directory).expanduser().absolute()
    try:
        (path / "logs").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    for folder in (path, path / "logs"):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise _unwritable(path, PermissionError("permission denied"))
    return path


def usable_folder(path: Path) -> None:
    """Makes the folder of ML Metadata, if it is not there.

    Raises:
        UserError: It cannot be written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(path, error) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise _unusable(path, PermissionError("permission denied"))


@contextlib.contextmanager
def only_run(workdir: Path) -> Iterator[None]:
    """Holds the lock of the work directory; the operating system releases it if the process dies.

    Raises:
        UserError: Another run holds it.
    """
    with (workdir / _LOCK).open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            handle.seek(0)
            raise UserError(
                f"Another run is working in {workdir} (process {handle.read().strip() or 'unknown'}). "
                "Remedy: wait for it, or use another --workdir."
            ) from error
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def is_running(workdir: Path) -> bool:
    """Whether a run holds the lock of the work directory."""
    try:
        with (workdir / _LOCK).open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(
        f"The work directory cannot be written. Received: --workdir {path} ({error.strerror or error}). "
        "Remedy: choose another or change its permissions."
    )


def _unusable(path: Path, error: OSError) -> UserError:
    return UserError(
        f"The folder of `metadata.url` cannot be written. Received: {path} ({error.strerror or error}). "
        "Remedy: choose another or change its permissions."
    )
