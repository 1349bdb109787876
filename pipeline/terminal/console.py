"""The only module that writes to the terminal."""

from __future__ import annotations

import json
import sys
from typing import Any

_quiet = False


def be_quiet(quiet: bool) -> None:
    """Holds back, or no longer, what is said on the way to a result."""
    global _quiet
    _quiet = quiet


def is_quiet() -> bool:
    """Says whether only results and failures are to be seen."""
    return _quiet


def say(text: str = "") -> None:
    """Writes a line of the result to stdout."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say_json(content: Any) -> None:
    """Writes the result to stdout as JSON; any text stays as it is."""
    say(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))


def note(text: str) -> None:
    """Writes a line about the work to stderr, so that stdout holds the result only; not with `--quiet`."""
    if not _quiet:
        fail(text)


def fail(text: str) -> None:
    """Writes what is wrong to stderr, also with `--quiet`."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def counter(action: str) -> Any:
    """Returns a progress callback `(what, done, total)` that writes a line at most every five seconds."""
    import time

    last = time.monotonic()

    def progress(what: str, done: int, total: int | None = None) -> None:
        nonlocal last
        if time.monotonic() - last >= 5:
            last = time.monotonic()
            note(f"{action} {what}: {done:,}" + (f" of {total:,}" if total else ""))

    return progress
