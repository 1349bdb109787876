"""Durations as the configuration writes them: `14d`, `12h`."""

from __future__ import annotations

from typing import Final

SECONDS: Final = {"d": 86_400, "h": 3_600}
"""Unit -> its length."""


def seconds_of(text: str) -> int:
    """The length of `14d` or `12h`.

    Raises:
        ValueError: It is neither.
    """
    number, unit = text[:-1], text[-1:]
    if unit not in SECONDS or not number.isdecimal():
        raise ValueError(f"A duration is a number with `d` or `h`, such as `14d`. Received: {text!r}.")
    return int(number) * SECONDS[unit]
