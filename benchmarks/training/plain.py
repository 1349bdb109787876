"""A plain two-tower model, as the tutorials of TensorFlow Recommenders build it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_recommenders as tfrs

from benchmarks.training.inputs import Inputs, product_ids
from schema import names

USER, HISTORY, TARGET = "user", "history", "target"


class PlainTwoTowers(tfrs.models.Model):
    """A query tower of the user's id and the mean of the history, and a candidate tower of the product's id.

    Args:
        users: Known user ids.
        products: Known product ids.
        dim: Length of the embeddings.
        hidden_dim: Width of the hidden layer of each tower.
    """

    def __init__(self, users: np.ndarray, products: np.ndarray, dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.users = _embedding(users, dim)
        self.products = _embedding(products, dim)
        self.mean = tf.keras.layers.GlobalAveragePooling1D()
        self.query_layers = _layers(dim, hidden_dim)
        self.candidate_tower = tf.keras.Sequential([_embedding(products, dim), _layers(dim, hidden_dim)])
        self.task = tfrs.tasks.Retrieval()

    def compute_loss(self, inputs: Mapping[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Softmax of each target against the targets of the batch."""
        history = self.products(inputs[HISTORY])
        known = tf.not_equal(inputs[HISTORY], "")
        # Without any history the first slot, an id that is none, stands for it: a mean of nothing is NaN.
        first = tf.range(tf.shape(known)[1])[tf.newaxis, :] == 0
        pooled = self.mean(history, mask=tf.logical_or(known, first))
        queries = self.query_layers(tf.concat([self.users(inputs[USER]), pooled], axis=1))
        return self.task(queries, self.candidate_tower(inputs[TARGET]), compute_metrics=False)


def build_plain(inputs: Inputs) -> PlainTwoTowers:
    """Compiles the model with dense Adam, of the same dimensions and rate as ours."""
    settings = inputs.settings
    users = np.unique(inputs.queries[names.USER_ID].numpy())
    products = product_ids(inputs.arguments)
    model = PlainTwoTowers(users, products, settings.embedding_dim, settings.hidden_dim)
    model.compile(optimizer=tf.keras.optimizers.Adam(settings.learning_rate))
    return model


def plain_batches(inputs: Inputs, batch_size: int, num_batches: int) -> tf.data.Dataset:
    """Batches of ids, made once and kept in memory: a query with one of its targets a row.

    Args:
        inputs: The queries.
        batch_size: Pairs of a batch.
        num_batches: How many; queries are drawn anew where that is more than there are.
    """
    random = np.random.default_rng(inputs.arguments.seed)
    products = product_ids(inputs.arguments)
    lengths = inputs.queries[names.TARGET_INDEX].row_lengths().numpy()
    starts = inputs.queries[names.TARGET_INDEX].row_starts().numpy()
    # A shuffled pass over all queries, as often as it takes.
    passes = 1 + batch_size * num_batches // len(lengths)
    rows = np.concatenate([random.permutation(len(lengths)) for _ in range(passes)])
    rows = rows[: batch_size * num_batches]
    entry = starts[rows] + (random.random(len(rows)) * lengths[rows]).astype(np.int64)
    targets = tf.gather(inputs.queries[names.TARGET_INDEX].flat_values, entry)
    columns = {
        USER: tf.gather(inputs.queries[names.USER_ID], rows),
        HISTORY: _history_ids(tf.gather(inputs.queries[names.HISTORY_INDEX], rows), products),
        TARGET: tf.gather(products, targets),
    }
    return tf.data.Dataset.from_tensor_slices(columns).batch(batch_size).cache().prefetch(2)


def _history_ids(index: tf.RaggedTensor, products: np.ndarray) -> tf.Tensor:
    """Ids `[rows, time]`, padded on the right; empty too where a product is not in the catalogue."""
    with_nothing = tf.concat([[b""], products], axis=0)
    return tf.gather(with_nothing, index.to_tensor(-1) + 1)


def _embedding(vocabulary: np.ndarray, dim: int) -> Any:
    lookup = tf.keras.layers.StringLookup(vocabulary=vocabulary, mask_token="")
    return tf.keras.Sequential([lookup, tf.keras.layers.Embedding(lookup.vocabulary_size(), dim)])


def _layers(dim: int, hidden_dim: int) -> Any:
    return tf.keras.Sequential(
        [tf.keras.layers.Dense(hidden_dim, activation="relu"), tf.keras.layers.Dense(dim)]
    )
