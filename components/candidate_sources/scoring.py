"""Scores of the whole catalogue by each source that can score it, in the graph."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from components.candidate_sources.tables import CandidateTables

_SHORT, _RECENT, _LASTING = 0.125, 0.5, 3.0
"""Half-lives of a purchase's weight, as shares of the window: today's, the current and the lasting taste."""


@dataclass(frozen=True)
class SourceScores:
    """Scores of one batch.

    Attributes:
        two_tower: Cosines `[batch, products]`.
        neighbours: By recent and by lasting taste, `[batch, products]` each.
        ease: Likewise.
    """

    two_tower: tf.Tensor
    neighbours: tuple[tf.Tensor, tf.Tensor]
    ease: tuple[tf.Tensor, tf.Tensor]


class SourceScorer(tf.Module):
    """Scores products by the towers, by item-to-item neighbours and by EASE.

    Args:
        tables: Embeddings, neighbours and weights at one moment.
        window_days: Length of the eval window. Purchases fade with half-lives of half of it (recent taste)
            and of three times as long (lasting taste) in the item-to-item sources.
    """

    def __init__(self, tables: CandidateTables, window_days: float) -> None:
        super().__init__()
        self.num_products = tables.num_products
        self.half_lives = tf.constant([window_days * _RECENT, window_days * _LASTING], tf.float32)
        self.own_half_lives = tuple(window_days * share for share in (_SHORT, _RECENT, _LASTING))
        moment = tables.moment
        self.embeddings = frozen(tables.embeddings, tf.float32)
        self.neighbour_index = frozen(moment.neighbour_index, tf.int32)
        self.neighbour_score = frozen(moment.neighbour_score, tf.float32)
        self.ease_index = frozen(moment.ease_index, tf.int32)
        self.ease_score = frozen(moment.ease_score, tf.float32)

    def __call__(
        self, query_embedding: tf.Tensor, history_index: tf.Tensor, history_age: tf.Tensor
    ) -> SourceScores:
        """Scores every product for queries `[batch, dim]` with histories `[batch, time]` (-1 pads)."""
        purchases = self._distinct_purchases(history_index, history_age)
        batch = tf.shape(history_index, out_type=tf.int64)[0]
        return SourceScores(
            two_tower=tf.matmul(query_embedding, self.embeddings, transpose_b=True),
            neighbours=self._item_to_item(self.neighbour_index, self.neighbour_score, purchases, batch),
            ease=self._item_to_item(self.ease_index, self.ease_score, purchases, batch),
        )

    def _distinct_purchases(
        self, history_index: tf.Tensor, history_age: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """The newest event of each product: row and product `[events]`, weights `[events, 2]`."""
        places = tf.where(history_index >= 0)
        rows = places[:, 0]
        products, ages = tf.gather_nd(history_index, places), tf.gather_nd(history_age, places)
        keys = rows * self.num_products + products
        order = tf.argsort(keys, stable=True)  # events stand oldest first, so the last of a key is the newest
        ordered = tf.gather(keys, order)
        newest = tf.concat([ordered[1:] != ordered[:-1], tf.ones_like(ordered[:1], tf.bool)], axis=0)
        chosen = tf.boolean_mask(order, newest)
        weights = tf.pow(0.5, tf.gather(ages, chosen)[:, tf.newaxis] / self.half_lives)
        return tf.gather(rows, chosen), tf.gather(products, chosen), weights

    def _item_to_item(
        self,
        index: tf.Variable,
        score: tf.Variable,
        purchases: tuple[tf.Tensor, tf.Tensor, tf.Tensor],
        batch: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Sums the weighted scores that the history's products give to others, `[batch, products]` each."""
        rows, products, weights = purchases
        others = tf.cast(tf.gather(index, products), tf.int64)
        given = tf.where(others >= 0, tf.gather(score, products), 0.0)
        flat = tf.reshape(rows[:, tf.newaxis] * self.num_products + tf.maximum(others, 0), [-1])

        def total(taste: int) -> tf.Tensor:
            values = tf.reshape(given * weights[:, taste, tf.newaxis], [-1])
            summed = tf.math.unsorted_segment_sum(values, flat, batch * self.num_products)
            return tf.reshape(summed, [batch, self.num_products])

        return total(0), total(1)


def share_of_best(scores: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
    """Mean of recent and lasting scores, relative to the best product's, at least -1: `[batch, products]`."""

    def half(values: tf.Tensor) -> tf.Tensor:
        # One division for a row instead of one for each product of the catalogue.
        scale = tf.math.divide_no_nan(0.5, tf.reduce_max(values, axis=1, keepdims=True))
        return tf.maximum(values * scale, -0.5)

    return half(scores[0]) + half(scores[1])


def frozen(values: object, dtype: tf.DType) -> tf.Variable:
    """A table of the graph; a variable, so that it is stored beside the graph and not within it."""
    return tf.Variable(tf.constant(values, dtype), trainable=False)
