"""Whether a model answers in service as it did offline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from components.evaluation.lists import BoolArray, FloatArray

TOLERANCE = 1e-4
"""Largest accepted difference of two scores, absolute or relative to the larger one."""

Ranked = tuple[Sequence[str], Sequence[float]]
"""Product ids, best first, and their scores."""


def mismatch(offline: Ranked, served: Ranked) -> str | None:
    """Returns how two lists differ, None if they agree.

    Products whose scores are equal within the tolerance may swap ranks, also across the end of
    the list: of several products with the last score, either list may hold any.
    """
    ids, scores = offline
    served_ids, served_scores = served
    if len(ids) != len(served_ids):
        return f"{len(served_ids)} products instead of {len(ids)}"
    if not ids:
        return None
    far = np.flatnonzero(~_close(np.asarray(scores, np.float64), np.asarray(served_scores, np.float64)))
    if len(far):
        rank = int(far[0])
        return f"score {served_scores[rank]:.6g} instead of {scores[rank]:.6g} at rank {rank + 1}"
    expected = dict(zip(ids, scores, strict=True))
    for rank, (product, score) in enumerate(zip(served_ids, served_scores, strict=True), start=1):
        if not _close(expected.get(product, scores[-1]), score):
            return f"product {product!r} with score {score:.6g} at rank {rank}, where it is not offline"
    return None


def _close(left: float | FloatArray, right: float | FloatArray) -> BoolArray:
    close: BoolArray = np.isclose(left, right, rtol=TOLERANCE, atol=TOLERANCE)
    return close
