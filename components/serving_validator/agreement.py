"""Whether a served list is that of the evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

TOLERANCE: Final = 1e-4
"""Largest difference of two scores that are the same, absolute or relative to the larger one."""
_SHIFT: Final = 3
"""Ranks by which a product may stand elsewhere where rounding has swapped neighbours before it was ranked."""
_SHIFT_TOLERANCE: Final = 1e-2
"""Largest difference of its scores then, likewise: the ranker reads ranks."""
_SHIFTED_SHARE: Final = 0.05
_MIN_SHIFTED: Final = 2
"""A swap is of two."""

Ranked = tuple[Sequence[str], Sequence[float]]
"""Product ids, best first, and their scores."""


def mismatch(offline: Ranked, served: Ranked) -> str | None:
    """Returns how two lists differ, None if they agree.

    A batch is rounded otherwise than a query alone, so lists agree that differ as rounding may make them:

    - products whose scores are equal within the tolerance may swap ranks, also across the end of the list: of
      several products with the last score, either list may hold any;
    - candidates that all but tie may swap before the ranker reads their ranks: one product in twenty, and two
      at least, may have another score by a hundredth and stand up to three ranks away.

    Args:
        offline: List of the evaluation.
        served: That of the server.
    """
    ids, scores = offline
    served_ids, served_scores = served
    if len(ids) != len(served_ids):
        return f"{len(served_ids)} products instead of {len(ids)}"
    ranks = {product: rank for rank, product in enumerate(ids)}
    shifted: list[str] = []
    for rank, (product, score) in enumerate(zip(served_ids, served_scores, strict=True)):
        there = ranks.get(product, len(ids) - 1)
        pair = (scores[there], scores[rank])
        if all(_is_close(expected, score, TOLERANCE) for expected in pair):
            continue
        how = _described(product, score, rank, scores[rank])
        if abs(rank - there) > _SHIFT or not all(_is_close(value, score, _SHIFT_TOLERANCE) for value in pair):
            return how
        shifted.append(how)
    if len(shifted) > max(_MIN_SHIFTED, _SHIFTED_SHARE * len(ids)):
        return f"{shifted[0]}, and {len(shifted) - 1} more"
    return None


def _described(product: str, score: float, rank: int, expected: float) -> str:
    """How the product at a rank differs."""
    if not _is_close(expected, score, TOLERANCE):
        return f"score {score:.6g} instead of {expected:.6g} at rank {rank + 1}"
    return f"product {product!r} with score {score:.6g} at rank {rank + 1}, where it is not offline"


def _is_close(one: float, other: float, tolerance: float) -> bool:
    return abs(one - other) <= tolerance * max(1.0, abs(one), abs(other))
