"""Accuracy of ranked lists, per user, on the full catalogue.

Relevance is binary. Lists are product codes `[queries, top_k]`, best first, -1 for an empty slot;
what is relevant comes as `CodeLists`. A product that a list repeats counts at its first rank only.
A query without targets has no accuracy: its value is NaN, and `lists.CodeLists.select` leaves it out.

Definitions: recall@k = hits in the first k / number of targets; NDCG@k with gain 1, discount
1 / log2(1 + rank) and the ideal of min(k, targets) hits (Järvelin and Kekäläinen, 2002); hit rate@k =
share of queries with a hit in the first k; MRR@k = 1 / rank of the first hit in the first k, else 0
(Voorhees, 1999); MAP@k = mean over queries of the precisions at the ranks of the hits in the first k, summed
and divided by min(k, targets) (Manning, Raghavan and Schütze, 2008, eq. 8.8, cut off at k).
What lists are like beyond accuracy is measured in `beyond_accuracy`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from components.evaluation.lists import BoolArray, CodeLists, FloatArray, IntArray

UserMetric = Callable[[BoolArray, IntArray, int], FloatArray]


def hits(ranked: IntArray, targets: CodeLists) -> BoolArray:
    """Marks the slots of `ranked` that hold a target of their query, `[queries, top_k]`."""
    if len(ranked) != len(targets):
        raise ValueError(
            "Every query needs one ranked list and one list of targets. "
            f"Received: len(ranked)={len(ranked)}, len(targets)={len(targets)}. Remedy: pass equal lengths."
        )
    rows = np.broadcast_to(np.arange(len(ranked))[:, None], ranked.shape)
    return targets.contains(rows, ranked) & ~_repeated(ranked)


def recall(relevant: BoolArray, num_targets: IntArray, k: int) -> FloatArray:
    """Share of a query's targets among its first `k`, `[queries]`."""
    return _over_targets(relevant[:, :k].sum(axis=1).astype(np.float64), num_targets, num_targets)


def ndcg(relevant: BoolArray, num_targets: IntArray, k: int) -> FloatArray:
    """Normalised discounted cumulative gain of the first `k`, `[queries]`."""
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    gain = relevant[:, :k].astype(np.float64) @ discounts[: relevant.shape[1]]
    ideal = np.concatenate([[0.0], np.cumsum(discounts)])
    return _over_targets(gain, ideal[np.minimum(num_targets, k)], num_targets)


def hit_rate(relevant: BoolArray, num_targets: IntArray, k: int) -> FloatArray:
    """1 where a query's first `k` hold a target, else 0, `[queries]`."""
    found = relevant[:, :k].any(axis=1).astype(np.float64)
    return _over_targets(found, np.ones(len(found)), num_targets)


def reciprocal_rank(relevant: BoolArray, num_targets: IntArray, k: int) -> FloatArray:
    """1 / rank of a query's first hit in the first `k`, 0 without one, `[queries]`."""
    first = relevant[:, :k]
    found = first.any(axis=1) / (1.0 + first.argmax(axis=1)) if first.shape[1] else np.zeros(len(first))
    return _over_targets(found, np.ones(len(found)), num_targets)


def average_precision(relevant: BoolArray, num_targets: IntArray, k: int) -> FloatArray:
    """Precision at the rank of each hit in the first `k`, over the most hits there can be, `[queries]`."""
    first = relevant[:, :k]
    precision = np.cumsum(first, axis=1) / np.arange(1, first.shape[1] + 1)
    return _over_targets((precision * first).sum(axis=1), np.minimum(num_targets, k), num_targets)


USER_METRICS: dict[str, tuple[UserMetric, int]] = {
    "ndcg@10": (ndcg, 10),
    "recall@10": (recall, 10),
    "recall@100": (recall, 100),
    "hit_rate@10": (hit_rate, 10),
    "mrr@10": (reciprocal_rank, 10),
    "map@10": (average_precision, 10),
}
"""The reported metrics that have one value per user: name -> (function, k)."""


def user_scores(ranked: IntArray, targets: CodeLists) -> dict[str, FloatArray]:
    """Every metric of `USER_METRICS`, `[queries]` each."""
    relevant = hits(ranked, targets)
    lengths = targets.lengths
    return {name: metric(relevant, lengths, k) for name, (metric, k) in USER_METRICS.items()}


def _over_targets(values: FloatArray, divisors: FloatArray | IntArray, num_targets: IntArray) -> FloatArray:
    result = np.full(len(values), np.nan)
    np.divide(values, divisors, out=result, where=num_targets > 0)
    return result


def _repeated(ranked: IntArray) -> BoolArray:
    order = np.argsort(ranked, axis=1, kind="stable")
    in_order = np.take_along_axis(ranked, order, axis=1)
    again = np.zeros(ranked.shape, np.bool_)
    again[:, 1:] = in_order[:, 1:] == in_order[:, :-1]
    result = np.zeros(ranked.shape, np.bool_)
    np.put_along_axis(result, order, again, axis=1)
    return result
