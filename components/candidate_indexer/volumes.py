"""How much each training window counts: less where the shop's volume was not what it usually is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_UNUSUAL = 4.0
"""A volume that is so many times the median of the windows, or so small a part of it, is unusual."""
_WEIGHT = 0.25


def window_weights(times: np.ndarray, cutoffs: Sequence[int], window: int) -> dict[int, float]:
    """The share of the queries of each window that the ranker is trained on.

    Looked at are the events of the window itself, and of the quarter of a window before it, from which what
    is popular of late is known. A window is told from the others by their median, so that a shop that grows
    slowly keeps them all.

    Args:
        times: Stamps of the positive events `[events]`.
        cutoffs: Starts of the windows.
        window: Length of a window in seconds.
    """
    ordered = np.sort(times)

    def volumes(begin: int, end: int) -> np.ndarray:
        starts = np.array(cutoffs)
        found: np.ndarray = np.searchsorted(ordered, starts + end) - np.searchsorted(ordered, starts + begin)
        return found

    usual = np.ones(len(cutoffs), np.bool_)
    for counts in (volumes(0, window), volumes(-max(1, window // 4), 0)):
        median = float(np.median(counts))
        usual &= (counts * _UNUSUAL >= median) & (counts <= _UNUSUAL * median)
    return {cutoff: 1.0 if ordinary else _WEIGHT for cutoff, ordinary in zip(cutoffs, usual, strict=True)}
