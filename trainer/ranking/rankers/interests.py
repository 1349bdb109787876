"""Embeddings of products by their columns, and of users by what is in their history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from schema import names

MAX_EVENTS = 200
_HALF_LIFE_DAYS = 60.0

Tensors = dict[str, Any]


class InterestEmbeddings(tf.keras.layers.Layer):
    """One embedding table for each product column; an interest is the decayed mean of the history's products.

    Users have no table of their own, so that a new one is known by the history; and the towers' vectors
    are not read, because a refit turns their space while the ranker keeps its weights.

    Args:
        columns: Name -> index, int `[products]`.
        dim: Length of the vectors.
        seed: Seed of the initialisers.
    """

    def __init__(self, columns: Mapping[str, np.ndarray], dim: int, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.indices = {name: tf.constant(values, tf.int32) for name, values in columns.items()}
        self.tables = {
            name: tf.keras.layers.Embedding(
                int(np.max(values, initial=0)) + 1,
                dim,
                embeddings_initializer=tf.keras.initializers.RandomNormal(stddev=0.05, seed=seed + number),
            )
            for number, (name, values) in enumerate(columns.items())
        }

    def call(self, inputs: Tensors) -> tuple[tf.Tensor, tf.Tensor]:
        """Embeds users and candidates.

        Args:
            inputs: `history_index` (-1 pads), `history_age` `[batch, time]` and `candidate_index`
                `[batch, candidates]`.

        Returns:
            Interests `[batch, columns, dim]` and candidates `[batch, candidates, columns, dim]`.
        """
        history, age = newest_events(inputs[names.HISTORY_INDEX], inputs[names.HISTORY_AGE])
        weights = tf.where(history >= 0, tf.pow(0.5, age / _HALF_LIFE_DAYS), 0.0)
        total = tf.reduce_sum(weights, axis=1, keepdims=True)
        share = tf.math.divide_no_nan(weights, total)[..., tf.newaxis]
        interests, candidates = [], []
        for name, table in self.tables.items():
            index = self.indices[name]
            events = table(tf.gather(index, tf.maximum(history, 0)))
            interests.append(tf.reduce_sum(share * events, axis=1))
            candidates.append(table(tf.gather(index, inputs[names.CANDIDATE_INDEX])))
        return tf.stack(interests, axis=1), tf.stack(candidates, axis=2)


def newest_events(index: tf.Tensor, age: tf.Tensor, count: int = MAX_EVENTS) -> tuple[tf.Tensor, tf.Tensor]:
    """The newest known events of each history.

    Args:
        index: Products, -1 for none `[batch, time]`.
        age: Days before the query `[batch, time]`.
        count: Events kept.

    Returns:
        Index and age `[batch, min(time, count)]`, the newest first, what is none last.
    """
    chosen = tf.math.top_k(tf.where(index >= 0, -age, age.dtype.min), k=tf.minimum(count, tf.shape(age)[1]))
    return tf.gather(index, chosen.indices, batch_dims=1), tf.gather(age, chosen.indices, batch_dims=1)
