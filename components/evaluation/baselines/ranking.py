"""From the scores of a baseline to ranked lists."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from components.evaluation.baselines.base import EvaluationSet, Popularity, fill
from components.evaluation.lists import NOTHING, IntArray

_MAX_CELLS = 16_000_000
_HIDDEN = -np.inf

Scores = npt.NDArray[np.float32]


def rank_by_scores(
    score: Callable[[int, int], Scores], eval_set: EvaluationSet, top_k: int, popularity: Popularity
) -> IntArray:
    """Ranks products by positive scores, best first; popular products follow where these end.

    Args:
        score: Scores of the queries from a first to before a last one, float32 `[queries, products]`.
        eval_set: What is excluded and recommendable.
        top_k: Length of the lists.
        popularity: Fills the lists.

    Returns:
        `[queries, top_k]`.
    """
    num_queries, num_products = len(eval_set.users), len(eval_set.past.recommendable)
    ranked = np.full((num_queries, top_k), NOTHING, np.int64)
    at_once = max(1, _MAX_CELLS // max(num_products, 1))
    hidden = ~eval_set.past.recommendable
    for start in range(0, num_queries, at_once):
        end = min(start + at_once, num_queries)
        scores = score(start, end)
        scores[:, hidden] = _HIDDEN
        low, high = eval_set.excluded.offsets[start], eval_set.excluded.offsets[end]
        scores[eval_set.excluded.rows[low:high] - start, eval_set.excluded.codes[low:high]] = _HIDDEN
        best, values = _best(scores, min(top_k, num_products))
        ranked[start:end, : best.shape[1]] = np.where(values > 0, best, NOTHING)
    return fill(ranked, popularity.order(eval_set.past), eval_set.excluded)


def _best(scores: Scores, count: int) -> tuple[IntArray, Scores]:
    import tensorflow as tf

    from components.evaluation.exact_search import largest

    values, columns = largest(tf.constant(scores), count)
    return columns.numpy().astype(np.int64), values.numpy()
