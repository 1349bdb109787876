"""Deep learning recommendation model (Naumov et al. 2019): dot products of all pairs of vectors."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from trainer.ranking.rankers.base import PAIR_FEATURES, DeepLayers, Ranker, Tensors, glorot
from trainer.ranking.rankers.interests import InterestEmbeddings
from trainer.settings import RankingSettings


class DotInteractionRanker(Ranker):
    """Figures through a bottom network; its vector, the interest and the candidate meet by dot products."""

    reads_products = True

    def make_layers(self, settings: RankingSettings, seed: int) -> None:
        """Embeddings, the bottom network, and the top one."""
        dim = settings.embedding_dim
        self.vectors = InterestEmbeddings(self.columns, dim, seed)
        self.bottom = DeepLayers(settings.hidden_dim, settings.dropout, seed)
        self.project = tf.keras.layers.Dense(dim, kernel_initializer=glorot(seed + 20))
        self.top = DeepLayers(settings.hidden_dim, settings.dropout, seed + 30)

    def call(self, inputs: Tensors, training: bool = False) -> tf.Tensor:
        """`[batch, candidates, hidden_dim // 2]`."""
        interests, candidates = self.vectors(inputs)
        dense = self.project(self.bottom(inputs[PAIR_FEATURES], training=training))
        interests = tf.zeros_like(candidates) + interests[:, tf.newaxis]
        vectors = tf.concat([dense[:, :, tf.newaxis], interests, candidates], axis=2)
        return self.top(tf.concat([dense, dot_interactions(vectors)], axis=-1), training=training)


def dot_interactions(vectors: tf.Tensor) -> tf.Tensor:
    """Dot products of all pairs of different vectors.

    Args:
        vectors: `[..., n, dim]`.

    Returns:
        `[..., n * (n - 1) / 2]`, in the order (1, 0), (2, 0), (2, 1), …
    """
    count = int(vectors.shape[-2])
    products = tf.matmul(vectors, vectors, transpose_b=True)
    flat = tf.reshape(products, tf.concat([tf.shape(products)[:-2], [count * count]], axis=0))
    rows, columns = np.tril_indices(count, -1)
    return tf.gather(flat, rows * count + columns, axis=-1)
