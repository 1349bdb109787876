"""Versions in the push directory: folders named by an integer, as TF Serving reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

CHAMPIONS: Final = ".evaluated"
"""Folder in the push directory; servers look at folders named by a number only."""


def versions(directory: Path) -> list[int]:
    """Versions, oldest first; temporary folders and other files are none."""
    if not directory.is_dir():
        return []
    return sorted(
        int(path.name)
        for path in directory.iterdir()
        if path.name.isascii() and path.name.isdigit() and path.is_dir()
    )


def champion_directory(directory: Path, version: int) -> Path:
    """The model that was evaluated when a version was pushed: the version itself if it was not refitted."""
    evaluated = directory / CHAMPIONS / str(version)
    return evaluated if evaluated.is_dir() else directory / str(version)


def newest_version(directory: Path) -> int | None:
    """The version that is served, None if there is none."""
    found = versions(directory)
    return found[-1] if found else None


def next_version(directory: Path, now: int) -> int:
    """`now` (epoch seconds), or one more than the newest version if the clock is not ahead of it."""
    newest = newest_version(directory)
    return now if newest is None else max(now, newest + 1)
