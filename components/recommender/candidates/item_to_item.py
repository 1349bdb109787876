"""What the products of a history say of other products, by a table of the neighbours of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf


def frozen(values: object, dtype: tf.DType) -> tf.Variable:
    """A table of the graph; a variable, so that it is stored beside the graph and not within it."""
    return tf.Variable(tf.constant(values, dtype), trainable=False)


@dataclass(frozen=True)
class Purchases:
    """The distinct products of each history.

    Attributes:
        rows: Row of the batch, int64 `[purchases]`.
        products: Product, int64 `[purchases]`.
        weights: By short- and long-term interest `[purchases, 2]`.
        latest: By how few events came after it, faster and slower `[purchases, 2]`.
        counts: Its events, each by long-term interest `[purchases]`.
    """

    rows: tf.Tensor
    products: tf.Tensor
    weights: tf.Tensor
    latest: tf.Tensor
    counts: tf.Tensor


class ItemToItem(tf.Module):
    """Sums what the history's products give to others.

    Most products have no neighbours, and many are nobody's: rows are kept for those with neighbours, and
    scores are made for reachable products alone, in the order of the catalogue. A score of 0 for all others
    follows them.

    Args:
        index: Neighbours of each, or what its purchase speaks against, `[products, others]`, -1 pads.
        score: How much `[products, others]`.
    """

    def __init__(self, index: np.ndarray, score: np.ndarray) -> None:
        super().__init__()
        has_neighbours = np.flatnonzero((index >= 0).any(axis=1))
        reachable = np.unique(index[index >= 0]).astype(np.int32)
        self.num_reachable = len(reachable)
        reachable_index = np.full(index.shape[0], self.num_reachable, np.int32)
        reachable_index[reachable] = np.arange(self.num_reachable)
        rows = np.zeros(index.shape[0], np.int32)
        rows[has_neighbours] = 1 + np.arange(len(has_neighbours))
        empty_row = np.full((1, index.shape[1]), -1, index.dtype)
        others = np.concatenate([empty_row, index[has_neighbours]])
        self.reachable = frozen(reachable, tf.int32)
        self.reachable_index = frozen(reachable_index, tf.int32)
        self.row = frozen(rows, tf.int32)
        self.others = frozen(
            np.where(others >= 0, reachable_index[np.maximum(others, 0)], self.num_reachable), tf.int32
        )
        given = np.concatenate([np.zeros_like(empty_row, np.float32), score[has_neighbours]])
        self.given = frozen(np.where(others >= 0, given, 0.0), tf.float32)

    def __call__(self, purchases: Purchases, weights: tf.Tensor, batch: tf.Tensor) -> tf.Tensor:
        """Scores of reachable products by two weights `[purchases, 2]`: `[batch, 2, reachable + 1]`."""
        row = tf.gather(self.row, purchases.products)
        width = self.num_reachable + 1
        segment = tf.cast(2 * purchases.rows * width, tf.int32)[:, tf.newaxis] + tf.gather(self.others, row)
        given = tf.gather(self.given, row)
        values = [tf.reshape(given * weights[:, column, tf.newaxis], [-1]) for column in (0, 1)]
        segment = tf.reshape(segment, [-1])
        summed = tf.math.unsorted_segment_sum(
            tf.concat(values, axis=0), tf.concat([segment, segment + width], axis=0), 2 * batch * width
        )
        return tf.reshape(summed, [batch, 2, width])

    def at(self, scores: tf.Tensor, products: tf.Tensor) -> tf.Tensor:
        """Scores of some products: `[batch, 2, reachable + 1]` at `[batch, count]`."""
        return tf.gather(scores, tf.gather(self.reachable_index, products), batch_dims=1, axis=2)

    def everywhere(self, scores: tf.Tensor) -> tf.Tensor:
        """Scores `[batch, reachable + 1]` of the whole catalogue `[batch, products]`."""
        return tf.gather(scores, self.reachable_index, axis=1)

    def neighbours_of(self, products: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Neighbours of each of `[...]`, int64 with -1 pads, and how much `[..., others]`."""
        row = tf.gather(self.row, products)
        products_or_none = tf.concat([self.reachable, [-1]], axis=0)
        return tf.cast(tf.gather(products_or_none, tf.gather(self.others, row)), tf.int64), tf.gather(
            self.given, row
        )


def share_of_best(scores: tf.Tensor, best: tf.Tensor) -> tf.Tensor:
    """Mean of recent and lasting scores, relative to the best product's, at least -1.

    Args:
        scores: `[batch, 2, count]`.
        best: The highest scores of the whole catalogue `[batch, 2, 1]`.

    Returns:
        `[batch, count]`.
    """
    # One division for a row instead of one for each product.
    return tf.reduce_sum(tf.maximum(scores * tf.math.divide_no_nan(0.5, best), -0.5), axis=1)
