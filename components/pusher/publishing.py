"""Publishes a folder as a new version in one step: it is there as a whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schema.versions import CHAMPIONS, next_version

_LOCK = ".towerline-push.lock"
_TEMPORARY_PREFIX = ".towerline-push-"
_TEMPORARY_SUFFIX = ".partial"
_MODEL_FILE = "saved_model.pb"


def publish(model: Path, directory: Path, evaluated: Path | None = None) -> int:
    """Copies `model` into `directory` as its next version, and returns that.

    The copy is made under a temporary name, brought to the disk, and renamed. A process killed on
    the way leaves a temporary folder, which the next call removes; one call at a time holds the lock
    of the directory, and the operating system releases it when the process dies.

    Args:
        model: The SavedModel to serve.
        directory: The push directory.
        evaluated: The SavedModel that was evaluated, if `model` is its refit. It is kept where servers do
            not look, for the newest version only: later runs compare themselves with it, since a refitted
            model has seen the window that they are measured on.

    Raises:
        ValueError: `model` is no SavedModel.
    """
    if not (model / _MODEL_FILE).is_file():
        raise ValueError(
            f"A pushed model is a SavedModel with a file `{_MODEL_FILE}`. Received: model={str(model)!r}. "
            "Remedy: run RecommenderAssembler again."
        )
    champions = directory / CHAMPIONS
    directory.mkdir(parents=True, exist_ok=True)
    with _locked(directory / _LOCK):
        _remove_stale(directory)
        _remove_stale(champions)
        version = next_version(directory, int(time.time()))
        if evaluated is not None:  # first, so that no version is ever without its champion
            champions.mkdir(exist_ok=True)
            _copy_whole(evaluated, champions / str(version))
        _copy_whole(model, directory / str(version))
        for older in champions.glob("*"):
            if older.name != str(version):
                shutil.rmtree(older)
    return version


def _copy_whole(source: Path, target: Path) -> None:
    temporary = target.parent / f"{_TEMPORARY_PREFIX}{target.name}{_TEMPORARY_SUFFIX}"
    shutil.rmtree(target, ignore_errors=True)
    try:
        shutil.copytree(source, temporary)
        _to_disk(temporary)
        os.rename(temporary, target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    _sync(target.parent)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _remove_stale(directory: Path) -> None:
    for path in directory.glob(f"{_TEMPORARY_PREFIX}*{_TEMPORARY_SUFFIX}"):
        shutil.rmtree(path)


def _to_disk(directory: Path) -> None:
    for folder, _, files in os.walk(directory):
        for name in files:
            _sync(Path(folder) / name)
        _sync(Path(folder))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
