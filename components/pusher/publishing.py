"""Publishes a folder as a new version in one step: it is there as a whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from components.pusher.versions import CHAMPIONS, next_version

_LOCK = ".towerline-push.lock"
_TEMPORARY_PREFIX = ".towerline-push-"
_TEMPORARY_SUFFIX = ".partial"
_MODEL_FILE = "saved_model.pb"


def publish(model: Path, directory: Path) -> int:
    """Copies `model` into `directory` as its next version, and returns that.

    The copy is made under a temporary name, brought to the disk, and renamed. A process killed on
    the way leaves a temporary folder, which the next call removes; one call at a time holds the lock
    of the directory, and the operating system releases it when the process dies.

    Raises:
        ValueError: `model` is no SavedModel.
    """
    if not (model / _MODEL_FILE).is_file():
        raise ValueError(
            f"A pushed model is a SavedModel with a file `{_MODEL_FILE}`. Received: model={str(model)!r}. "
            "Remedy: run RecommenderAssembler again."
        )
    directory.mkdir(parents=True, exist_ok=True)
    with _locked(directory / _LOCK):
        _remove_stale(directory)
        version = next_version(directory, int(time.time()))
        temporary = directory / f"{_TEMPORARY_PREFIX}{version}{_TEMPORARY_SUFFIX}"
        try:
            shutil.copytree(model, temporary)
            _to_disk(temporary)
            os.rename(temporary, directory / str(version))
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        _sync(directory)
    return version


def keep_champion(evaluated: Path, directory: Path, version: int) -> None:
    """Keeps the evaluated model of a pushed version, and only that, where servers do not look.

    Later runs compare themselves with it: a refitted model has seen the window they are measured on.
    """
    champions = directory / CHAMPIONS
    target = champions / str(version)
    temporary = champions / f"{_TEMPORARY_PREFIX}{version}{_TEMPORARY_SUFFIX}"
    champions.mkdir(exist_ok=True)
    with _locked(directory / _LOCK):
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.copytree(evaluated, temporary)
        os.rename(temporary, target)
        for older in champions.iterdir():
            if older != target:
                shutil.rmtree(older)


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
