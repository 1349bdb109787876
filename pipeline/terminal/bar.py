"""A bar of what is done, in a line of the terminal."""

from __future__ import annotations

import shutil
from typing import Final, TextIO

_CELLS: Final = 20
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_MIN_COLUMNS: Final = 100
"""Narrower terminals have no room for a bar beside the line."""


def bar(share: float, is_unicode: bool) -> str:
    """Returns a bar of twenty cells and the share in per cent.

    Args:
        share: Of all that is to be done, 0 to 1; what is outside is cut.
        is_unicode: Whether the terminal shows blocks, of which an eighth is the finest; `#` otherwise.
    """
    share = min(max(share, 0.0), 1.0)
    if is_unicode:
        full, rest = divmod(int(share * _CELLS * 8), 8)
        cells = (_EIGHTHS[8] * full + (_EIGHTHS[rest] if rest else "")).ljust(_CELLS)
        return f"▕{cells}▏{share:4.0%}"
    return f"[{'#' * int(share * _CELLS):<{_CELLS}}]{share:4.0%}"


def shows_bar(stream: TextIO) -> bool:
    """Whether a stream is a terminal that is wide enough."""
    return stream.isatty() and shutil.get_terminal_size().columns >= _MIN_COLUMNS


def is_unicode(stream: TextIO) -> bool:
    """Whether a stream takes blocks."""
    try:
        _EIGHTHS.encode(stream.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
