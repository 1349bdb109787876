"""Gaps and rushes in the volume: days that say little of an ordinary week."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from components.evaluation.verdicts import Verdict
from schema import names

_DAYS_AROUND = 14
_MIN_DAYS = 28
_MIN_MEDIAN = 10.0
"""Events of an ordinary day below which a day without any is no news."""
_GAP, _RUSH = 0.25, 3.0


def check_volume(by_day: Mapping[int, int]) -> list[Verdict]:
    """Tells of gaps and rushes; neither stops a run.

    A day is held against the median of the days around it, fourteen before and fourteen after. A gap is two
    days or more of less than a quarter of it, a rush a day of more than three times of it.

    Args:
        by_day: Day since the epoch -> events.
    """
    volume = _daily(by_day)
    if len(volume) < _MIN_DAYS:
        return []
    ordinary = np.array(
        [np.median(volume[max(0, day - _DAYS_AROUND) : day + _DAYS_AROUND + 1]) for day in range(len(volume))]
    )
    known = ordinary >= _MIN_MEDIAN
    first = min(by_day)
    gaps = [run for run in _runs(known & (volume < _GAP * ordinary)) if run[1] - run[0] > 1]
    rushes = _runs(known & (volume > _RUSH * ordinary))
    return [
        _check("gaps_in_volume", gaps, first, "fewer than a quarter of the events of the days around them"),
        _check("rushes_in_volume", rushes, first, "more than three times the events of the days around them"),
    ]


def _daily(by_day: Mapping[int, int]) -> np.ndarray:
    if not by_day:
        return np.zeros(0)
    first, last = min(by_day), max(by_day)
    volume = np.zeros(last - first + 1)
    for day, count in by_day.items():
        volume[day - first] = count
    return volume


def _runs(marked: np.ndarray) -> list[tuple[int, int]]:
    """Half-open ranges of marked days."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(int)))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]


def _check(name: str, runs: list[tuple[int, int]], first: int, what: str) -> Verdict:
    days = sum(end - begin for begin, end in runs)
    if not runs:
        return Verdict(name, True, 0.0, 0.0, f"No days have {what}.", critical=False)
    begin, end = max(runs, key=lambda run: run[1] - run[0])
    sentence = (
        f"{days} days have {what}, the longest run from {_date(first + begin)} to {_date(first + end - 1)}. "
        "Training windows whose volume is not that of the others count less. "
        "Remedy: load what is missing; nothing if the shop was closed or sold that much."
    )
    return Verdict(name, False, float(days), 0.0, sentence, critical=False)


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * names.SECONDS_PER_DAY, UTC).date().isoformat()
