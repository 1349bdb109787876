"""NDCG of the ranker among the retrieved candidates."""

from __future__ import annotations

import numpy as np


def ndcg_at_k(labels: np.ndarray, scores: np.ndarray, num_targets: np.ndarray, top_k: int) -> np.ndarray:
    """Per-query NDCG with binary gains (Järvelin and Kekäläinen 2002).

    The ideal list holds all targets of the query, also those that retrieval missed.

    Args:
        labels: Positive where a candidate is a target `[queries, candidates]`.
        scores: `[queries, candidates]`.
        num_targets: Targets of each query, at least 1 `[queries]`.
        top_k: Cut-off.

    Returns:
        `[queries]`.
    """
    order = np.argsort(-scores, axis=1, kind="stable")[:, :top_k]
    return ndcg_of_hits(np.take_along_axis(labels > 0, order, axis=1), num_targets, top_k)


def ndcg_of_hits(hits: np.ndarray, num_targets: np.ndarray, top_k: int) -> np.ndarray:
    """Likewise of which of the first products of each list are targets `[queries, at most top_k]`."""
    discount = 1.0 / np.log2(np.arange(2, hits.shape[1] + 2))
    full = 1.0 / np.log2(np.arange(2, top_k + 2))
    ideal = np.cumsum(full)[np.minimum(num_targets, top_k) - 1]
    result: np.ndarray = (hits * discount).sum(axis=1) / ideal
    return result
