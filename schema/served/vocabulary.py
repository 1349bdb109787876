"""Ids in the vocabulary files of the transform graph.

The files hold one id a line, since only such tables can be exported again in the served model; so the two
characters that end lines are written as their Unicode pictures.
"""

from __future__ import annotations

from typing import Final

LINE_ENDS: Final = (("\n", "\u2424"), ("\r", "\u240d"))
"""Character and what stands for it."""


def restore_id(entry: bytes) -> str:
    """Returns the id that an entry of a vocabulary file stands for."""
    text = entry.decode()
    for character, picture in LINE_ENDS:
        text = text.replace(picture, character)
    return text
