"""The candidate sources and their union, in the graph.

Sources: the user's own history, the two towers, item-to-item neighbours of the history, EASE, and
trending products; popular products fill what is left. The union is ordered by each product's best rank
in a source relative to the source's quota, so that a list of any length holds all sources in proportion.
"""

from __future__ import annotations

from typing import Final

import tensorflow as tf

from components.candidate_sources.tables import CandidateTables
from schema import names

OWN_HISTORY: Final = 0
TWO_TOWER: Final = 1
NEIGHBOURS: Final = 2
EASE: Final = 3
TRENDING: Final = 4
POPULAR: Final = 5
SOURCE_NAMES: Final = ("own_history", "two_tower", "neighbours", "ease", "trending", "popular")

SOURCE_FEATURES: Final = (
    "two_tower",
    "neighbours_recent",
    "neighbours_lasting",
    "ease_recent",
    "ease_lasting",
    "neighbours_share",
    "ease_share",
)
"""Scores of a candidate, before the product statistics in `candidate_features`."""

_QUOTAS: Final = (1000, 150, 200, 200, 50)
_FILL_PRIORITY: Final = 1e3
_NEVER: Final = 1e9
_SMALLEST_SCORE: Final = 1e-9

Tensors = dict[str, tf.Tensor]


class CandidateSources(tf.Module):
    """Produces the candidates of a batch of queries.

    Args:
        tables: Embeddings, neighbours, statistics and popularity at one moment.
        num_candidates: Candidates of a query; at most the size of the catalogue.
        window_days: Length of the eval window. Purchases fade with half-lives of half of it (recent taste)
            and of three times as long (lasting taste) in the item-to-item sources.
    """

    def __init__(self, tables: CandidateTables, num_candidates: int, window_days: float) -> None:
        super().__init__()
        self.num_products = tables.num_products
        self.num_candidates = min(num_candidates, tables.num_products)
        self.half_lives = tf.constant([window_days / 2, window_days * 3], tf.float32)
        moment = tables.moment
        self.embeddings = _variable(tables.embeddings, tf.float32)
        self.hidden = _variable(~tables.available, tf.bool)
        self.neighbour_index = _variable(moment.neighbour_index, tf.int32)
        self.neighbour_score = _variable(moment.neighbour_score, tf.float32)
        self.ease_index = _variable(moment.ease_index, tf.int32)
        self.ease_score = _variable(moment.ease_score, tf.float32)
        self.statistics = _variable(moment.statistics, tf.float32)
        self.trending = _variable(moment.trending, tf.int64)
        self.popular = _variable(moment.popular, tf.int64)

    def __call__(
        self, query_embedding: tf.Tensor, history_index: tf.Tensor, history_age: tf.Tensor
    ) -> Tensors:
        """Computes candidates, best source rank first.

        Args:
            query_embedding: Unit vectors `[batch, dim]`.
            history_index: Products of the history, oldest first, -1 pads, int64 `[batch, time]`.
            history_age: Days before the query `[batch, time]`.

        Returns:
            `candidate_index` int64 `[batch, candidates]` (distinct), `candidate_source` int32 of the same
            shape and `candidate_features` float32 `[batch, candidates, features]`: `SOURCE_FEATURES`, then
            the product statistics.
        """
        tower_scores, neighbours, ease = self._scores(query_embedding, history_index, history_age)
        neighbour_share, ease_share = _share(neighbours), _share(ease)
        batch = tf.shape(history_index)[0]
        lists = [
            self._own_history(history_index),
            self._best(tower_scores, TWO_TOWER),
            self._best(neighbour_share, NEIGHBOURS),
            self._best(ease_share, EASE),
            self._ranked(self.trending, TRENDING, batch),
            self._fill(batch),
        ]
        index, source = _union(lists, self.num_candidates)
        scores = [
            tf.gather(tower_scores, index, batch_dims=1)[..., tf.newaxis],
            tf.math.log1p(tf.gather(neighbours, index, batch_dims=1)),
            tf.gather(ease, index, batch_dims=1),
            tf.gather(neighbour_share, index, batch_dims=1)[..., tf.newaxis],
            tf.gather(ease_share, index, batch_dims=1)[..., tf.newaxis],
        ]
        features = tf.concat([*scores, tf.gather(self.statistics, index)], axis=-1)
        return {names.CANDIDATE_INDEX: index, "candidate_source": source, names.CANDIDATE_FEATURES: features}

    def score_sources(
        self, query_embedding: tf.Tensor, history_index: tf.Tensor, history_age: tf.Tensor
    ) -> Tensors:
        """Scores of the whole catalogue by each scoring source, `[batch, products]` each."""
        tower_scores, neighbours, ease = self._scores(query_embedding, history_index, history_age)
        return {"two_tower": tower_scores, "neighbours": _share(neighbours), "ease": _share(ease)}

    def _scores(
        self, query_embedding: tf.Tensor, history_index: tf.Tensor, history_age: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Scores by the towers `[batch, products]`, neighbours and EASE `[batch, products, 2]`."""
        purchases = self._distinct_purchases(history_index, history_age)
        batch = tf.shape(history_index, out_type=tf.int64)[0]
        return (
            tf.matmul(query_embedding, self.embeddings, transpose_b=True),
            self._item_to_item(self.neighbour_index, self.neighbour_score, purchases, batch),
            self._item_to_item(self.ease_index, self.ease_score, purchases, batch),
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
    ) -> tf.Tensor:
        """Sums the weighted scores that the history's products give to others: `[batch, products, 2]`."""
        rows, products, weights = purchases
        others = tf.cast(tf.gather(index, products), tf.int64)
        given = tf.where(others >= 0, tf.gather(score, products), 0.0)
        values = given[..., tf.newaxis] * weights[:, tf.newaxis, :]
        flat = tf.reshape(rows[:, tf.newaxis] * self.num_products + tf.maximum(others, 0), [-1])
        total = tf.math.unsorted_segment_sum(tf.reshape(values, [-1, 2]), flat, batch * self.num_products)
        return tf.reshape(total, [batch, self.num_products, 2])

    def _own_history(self, history_index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """The newest events first; what is padded, unknown or unavailable never."""
        place = tf.range(tf.shape(history_index)[1])[tf.newaxis, :]
        newest = tf.reduce_max(tf.where(history_index >= 0, place, 0), axis=1, keepdims=True)
        rank = tf.cast(tf.maximum(newest - place, 0), tf.float32)
        usable = tf.logical_and(history_index >= 0, ~tf.gather(self.hidden, tf.maximum(history_index, 0)))
        priority = tf.where(usable, rank / _QUOTAS[OWN_HISTORY], _NEVER)
        return tf.maximum(history_index, 0), priority, _constant_like(history_index, OWN_HISTORY)

    def _best(self, scores: tf.Tensor, source: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        count = min(_QUOTAS[source], self.num_products)
        visible = tf.where(self.hidden[tf.newaxis, :], -1.0, scores)
        best = tf.math.top_k(visible, k=count)
        rank = tf.range(count, dtype=tf.float32)[tf.newaxis, :] / _QUOTAS[source]
        least = -1.0 if source == TWO_TOWER else _SMALLEST_SCORE
        priority = tf.where(best.values > least, rank, _NEVER)
        return tf.cast(best.indices, tf.int64), priority, _constant_like(best.indices, source)

    def _ranked(
        self, products: tf.Variable, source: int, batch: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        count = min(_QUOTAS[source], int(products.shape[0]))
        index = tf.tile(products[tf.newaxis, :count], [batch, 1])
        rank = tf.tile(tf.range(count, dtype=tf.float32)[tf.newaxis, :] / _QUOTAS[source], [batch, 1])
        return index, rank, _constant_like(index, source)

    def _fill(self, batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        count = min(int(self.popular.shape[0]), 2 * self.num_candidates)
        index = tf.tile(self.popular[tf.newaxis, :count], [batch, 1])
        rank = tf.tile(_FILL_PRIORITY + tf.range(count, dtype=tf.float32)[tf.newaxis, :], [batch, 1])
        return index, rank, _constant_like(index, POPULAR)


def _union(lists: list[tuple[tf.Tensor, tf.Tensor, tf.Tensor]], count: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Merges (index, priority, source) lists: each product once, at its best priority, `count` of them."""
    index, priority, source = (tf.concat(parts, axis=1) for parts in zip(*lists, strict=True))
    order = tf.argsort(priority, axis=1, stable=True)
    index, source = (tf.gather(values, order, batch_dims=1) for values in (index, source))
    width = tf.shape(index, out_type=tf.int64)[1]
    keys = tf.sort(index * width + tf.range(width)[tf.newaxis, :], axis=1)
    product, position = keys // width, keys % width
    first = tf.concat([tf.ones_like(product[:, :1], tf.bool), product[:, 1:] != product[:, :-1]], axis=1)
    chosen = tf.sort(tf.where(first, position, width), axis=1)[:, :count]
    return tf.gather(index, chosen, batch_dims=1), tf.gather(source, chosen, batch_dims=1)


def _share(scores: tf.Tensor) -> tf.Tensor:
    """Mean of recent and lasting scores, relative to the best product's, at least -1: `[batch, products]`."""
    relative = tf.math.divide_no_nan(scores, tf.reduce_max(scores, axis=1, keepdims=True))
    return tf.reduce_mean(tf.maximum(relative, -1.0), axis=2)


def _constant_like(values: tf.Tensor, source: int) -> tf.Tensor:
    return tf.fill(tf.shape(values), source)


def _variable(values: object, dtype: tf.DType) -> tf.Variable:
    return tf.Variable(tf.constant(values, dtype), trainable=False)
