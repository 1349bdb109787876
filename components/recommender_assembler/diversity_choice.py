"""How much diversity may be asked for before accuracy suffers, and what each strength of it costs.

The trade is measured and not supposed: the lists of the eval window are reordered at each strength, and the
largest is taken that stays within the accepted loss of NDCG@10 (Ziegler et al., "Improving recommendation
lists through topic diversification", WWW 2005, look for the same point with users).
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from components.recommender_assembler.diversity import HEAD, METHODS, kernel, relevance_by_place
from components.recommender_assembler.eval_lists import EvalLists

STRENGTHS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
AUTO_STRENGTHS = (0.0, 0.02, 0.05, *STRENGTHS[1:])
_BATCH = 256


def reordered(
    products: np.ndarray,
    scores: np.ndarray,
    embeddings: np.ndarray,
    categories: np.ndarray,
    strength: float,
    method: str,
    count: int,
) -> np.ndarray:
    """Places that diversity chooses from the heads of lists, as the served graph does.

    Args:
        products: The heads, best first `[queries, at most 100]`.
        scores: Theirs `[queries, at most 100]`.
        embeddings: Of length 1 `[products, dim]`.
        categories: Codes of the category columns, -1 where missing `[products, columns]`.
        strength: 0 to 1.
        method: `mmr` or `dpp`.
        count: Places to choose.

    Returns:
        int32 `[queries, count]`.
    """
    count = min(count, products.shape[1])
    if strength <= 0 or not len(products):
        return np.tile(np.arange(count, dtype=np.int32), (len(products), 1))

    scores = scores.astype(np.float32)
    tables = (tf.constant(embeddings), tf.constant(categories), tf.constant(strength, tf.float32))
    parts = [
        _choose(
            tf.constant(products[rows]), tf.constant(scores[rows]), *tables, tf.constant(count), method
        ).numpy()
        for rows in (slice(start, start + _BATCH) for start in range(0, len(products), _BATCH))
    ]
    return np.concatenate(parts)


def measure_strengths(
    lists: EvalLists, scores: np.ndarray, embeddings: np.ndarray, categories: np.ndarray, method: str
) -> dict[float, float]:
    """NDCG@10 of the eval window at each of `AUTO_STRENGTHS`, of lists ordered by `scores`."""
    head = np.argsort(-scores, axis=1, kind="stable")[:, :HEAD]
    products = np.take_along_axis(lists.index, head, axis=1).astype(np.int64)

    head_scores = np.take_along_axis(scores, head, axis=1)

    def ndcg_at(strength: float) -> float:
        chosen = reordered(products, head_scores, embeddings, categories, strength, method, 10)
        return lists.ndcg_of(np.take_along_axis(head, chosen, axis=1))

    return {strength: ndcg_at(strength) for strength in AUTO_STRENGTHS}


def choose_diversity(measured: dict[float, float], most_loss: float) -> float:
    """The largest strength up to which the loss stays within `most_loss` of what strength 0 reaches."""
    chosen = 0.0
    for strength, value in sorted(measured.items()):
        if value < (1 - most_loss) * measured[0.0]:
            break
        chosen = strength
    return chosen


@tf.function  # shapes stay static: `kernel` asks whether there are category columns
def _choose(
    head: tf.Tensor,
    scores: tf.Tensor,
    embeddings: tf.Tensor,
    categories: tf.Tensor,
    strength: tf.Tensor,
    count: tf.Tensor,
    method: str,
) -> tf.Tensor:
    likeness = kernel(tf.gather(embeddings, head), tf.gather(categories, head))
    return METHODS[method](relevance_by_place(scores, tf.shape(head)[1]), likeness, strength, count)
