"""The two-tower retrieval model."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_recommenders as tfrs

from schema import names
from schema.tensors.in_graph import untranslated
from trainer.retrieval.losses import Negatives, find_accidental_hits, sampled_softmax_loss
from trainer.retrieval.towers import CandidateTower, ProductEncoder, QueryTower
from trainer.settings import RetrievalSettings

Tensors = dict[str, Any]


class RetrievalModel(tfrs.models.Model):
    """Two towers that meet in a cosine.

    Args:
        encoder: Represents products by id and features; shared by the candidates and the history.
        candidate_tower: From a representation to the shared space.
        query_tower: From a query to the shared space.
        target_shares: Probability that a drawn target is each product `[products]`, for logQ.
        settings: Loss settings.
    """

    def __init__(
        self,
        encoder: ProductEncoder,
        candidate_tower: CandidateTower,
        query_tower: QueryTower,
        target_shares: tf.Tensor,
        settings: RetrievalSettings,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.candidate_tower = candidate_tower
        self.query_tower = query_tower
        self.negatives = Negatives(target_shares, settings)
        self.settings = settings

    @property
    def num_products(self) -> int:
        """Size of the catalogue."""
        return self.negatives.num_products

    def embed_queries(self, inputs: Tensors) -> tf.Tensor:
        """Dense query tensors to unit vectors `[batch, dim]`."""
        history = tf.maximum(inputs[names.HISTORY_INDEX], 0)
        products, row = tf.unique(tf.reshape(history, [-1]))
        represented = self._history(self.encoder(products), row, history)
        return self.query_tower(inputs, represented)

    def embed_candidates(self, products: tf.Tensor) -> tf.Tensor:
        """Product indices to unit vectors `[products, dim]`."""
        return self.candidate_tower(self.encoder(products))

    def embed_products(self, features: Tensors) -> tf.Tensor:
        """Features of products outside the catalogue (see `represent`) to unit vectors `[products, dim]`."""
        return self.candidate_tower(self.encoder.represent(features))

    @untranslated
    def compute_loss(self, inputs: Tensors, training: bool = False) -> tf.Tensor:
        """Mean weighted loss of drawn targets against the negatives that the settings name."""
        targets, weights = inputs[names.TARGET_INDEX], inputs[names.TARGET_WEIGHT]
        rows, drawn, pair_weights = draw_targets(targets, weights, self.settings.targets_per_query)
        before = self.embed_queries(inputs) if self.negatives.num_hard else tf.zeros([0, 0])
        candidates, expected = self.negatives.draw(drawn, before)
        queries, candidate_vectors = self._embed_batch(inputs, candidates, training)
        scores = tf.matmul(queries, candidate_vectors, transpose_b=True) / self.settings.temperature
        is_full = self.settings.loss == "full_softmax"
        column = drawn if is_full else tf.range(tf.size(drawn, out_type=tf.int64))
        positive = tf.gather_nd(scores, tf.stack([tf.cast(rows, tf.int64), column], axis=1))
        losses = sampled_softmax_loss(
            positive,
            rows,
            scores,
            find_accidental_hits(targets, candidates, self.num_products),
            expected,
        )
        return tf.math.divide_no_nan(tf.reduce_sum(losses * pair_weights), tf.reduce_sum(pair_weights))

    def _embed_batch(
        self, inputs: Tensors, candidates: tf.Tensor, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Represents each distinct product of the batch once, for the history and the candidates."""
        history = tf.maximum(inputs[names.HISTORY_INDEX], 0)
        num_history = tf.size(history)
        products, row = tf.unique(tf.concat([tf.reshape(history, [-1]), candidates], axis=0))
        represented = self.encoder(products, training=training)
        queries = self.query_tower(
            inputs, self._history(represented, row[:num_history], history), training=training
        )
        return queries, self.candidate_tower(tf.gather(represented, row[num_history:]))

    def _history(self, represented: tf.Tensor, row: tf.Tensor, history: tf.Tensor) -> tf.Tensor:
        shape = tf.concat([tf.shape(history), [represented.shape[-1]]], axis=0)
        return tf.ensure_shape(
            tf.reshape(tf.gather(represented, row), shape), [None, None, represented.shape[-1]]
        )


def draw_targets(
    targets: tf.RaggedTensor, weights: tf.RaggedTensor, count: int
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Draws `count` targets of each query, uniformly and with replacement.

    Returns:
        Row (int32), product (int64) and weight of each drawn pair, each `[queries * count]`.
    """
    lengths = tf.cast(targets.row_lengths(), tf.float32)[:, tf.newaxis]
    offset = tf.cast(tf.random.uniform([tf.shape(lengths)[0], count]) * lengths, tf.int64)
    offset = tf.minimum(offset, targets.row_lengths()[:, tf.newaxis] - 1)
    entry = tf.reshape(targets.row_starts()[:, tf.newaxis] + offset, [-1])
    rows = tf.repeat(tf.range(tf.shape(lengths)[0]), count)
    return rows, tf.gather(targets.flat_values, entry), tf.gather(weights.flat_values, entry)
