"""Reorders whole lists by diversity outside the graph, as the graph does."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from components.recommender.post_ranking.diversity import METHODS, kernel, relevance_by_rank
from schema.tensors.in_graph import in_graph

STRENGTHS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
"""Of diversity, at which its cost is reported."""
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
    """Indices that diversity chooses from the heads of lists, as the served graph does.

    Args:
        products: The heads, best first `[queries, at most 100]`.
        scores: Theirs `[queries, at most 100]`.
        embeddings: Of length 1 `[products, dim]`.
        categories: `category_codes` `[products, columns, members]`.
        strength: 0 to 1.
        method: `mmr` or `dpp`.
        count: Candidates to choose.

    Returns:
        int32 `[queries, count]`.
    """
    count = min(count, products.shape[1])
    if strength <= 0 or not len(products):
        return np.tile(np.arange(count, dtype=np.int32), (len(products), 1))

    batch = max(1, _BATCH // categories.shape[2])  # members of sets are compared pair by pair
    scores = scores.astype(np.float32)
    tables = (tf.constant(embeddings), tf.constant(categories), tf.constant(strength, tf.float32))
    parts = [
        _choose(
            tf.constant(products[rows]), tf.constant(scores[rows]), *tables, tf.constant(count), method
        ).numpy()
        for rows in (slice(start, start + batch) for start in range(0, len(products), batch))
    ]
    return np.concatenate(parts)


@in_graph  # shapes stay static: `kernel` asks whether there are category columns
def _choose(
    head: tf.Tensor,
    scores: tf.Tensor,
    embeddings: tf.Tensor,
    categories: tf.Tensor,
    strength: tf.Tensor,
    count: tf.Tensor,
    method: str,
) -> tf.Tensor:
    similarity = kernel(tf.gather(embeddings, head), tf.gather(categories, head))
    return METHODS[method](relevance_by_rank(scores, tf.shape(head)[1]), similarity, strength, count)
