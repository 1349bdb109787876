"""Why a neighbour is recommended: the recent product that it is bought with, in the graph."""

from __future__ import annotations

import tensorflow as tf

from components.recommender.candidates.item_to_item import ItemToItem
from components.recommender.candidates.sources import SOURCE_NAMES

_EVENTS = 10
_MAX_EXPLAINED = 200


class NearestRecent(tf.Module):
    """Finds the product of the newest events of which a candidate is the nearest neighbour.

    Args:
        neighbours: Of every product.
        product_ids: The product vocabulary.
    """

    def __init__(self, neighbours: ItemToItem, product_ids: tf.Variable) -> None:
        super().__init__()
        self._neighbours, self._product_ids = neighbours, product_ids

    def __call__(self, product: tf.Tensor, source: tf.Tensor, history: tf.Tensor) -> tf.Tensor:
        """Ids `[batch, top_k]`; empty for other sources, and in lists that nobody reads to their end.

        Args:
            product: Products `[batch, top_k]`.
            source: Where each comes from `[batch, top_k]`.
            history: Products of the history, oldest first, -1 pads `[batch, time]`.
        """
        nothing = tf.fill(tf.shape(product), "")
        few = tf.shape(product)[1] <= _MAX_EXPLAINED
        return tf.cond(few, lambda: self._found(product, source, history), lambda: nothing)

    def _found(self, product: tf.Tensor, source: tf.Tensor, history: tf.Tensor) -> tf.Tensor:
        width = tf.shape(history)[1]
        known = tf.where(history >= 0, tf.range(width)[tf.newaxis, :], -1)
        newest = tf.math.top_k(known, k=tf.minimum(_EVENTS, width)).values
        recent = tf.where(newest >= 0, tf.gather(history, tf.maximum(newest, 0), batch_dims=1), -1)
        products = tf.maximum(recent, 0)
        neighbours, scores = self._neighbours.neighbours_of(products)
        same = neighbours[:, tf.newaxis] == product[:, :, tf.newaxis, tf.newaxis]
        same = tf.logical_and(same, recent[:, tf.newaxis, :, tf.newaxis] >= 0)
        cosine = tf.reduce_max(tf.where(same, scores[:, tf.newaxis], 0.0), axis=3)
        best = tf.gather(products, tf.argmax(cosine, axis=2), batch_dims=1)
        is_neighbour = tf.logical_and(
            source == SOURCE_NAMES.index("neighbours"), tf.reduce_max(cosine, axis=2) > 0
        )
        return tf.where(is_neighbour, tf.gather(self._product_ids, best), "")
