"""Times of several contestants in one run, taken in turn so that a busy machine disturbs all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def in_turn(contestants: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Calls every contestant once a round; seconds of each call."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, call in contestants.items():
            start = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def spread(values: Sequence[float]) -> str:
    """Median of the rounds, with the least and the most."""
    return f"{median(values):.1f} ({min(values):.1f}–{max(values):.1f})"


def quotients(seconds: Sequence[float], ours: Sequence[float]) -> list[float]:
    """Round by round, how many times as long it took as ours beside it."""
    return [theirs / own for theirs, own in zip(seconds, ours, strict=True)]


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that follows the lowest `percent` % of them; the largest one where none follows."""
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def median(values: Sequence[float]) -> float:
    """Median of the rounds."""
    return float(statistics.median(values))
