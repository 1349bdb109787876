"""What the products of a history say of other products, by a table of the few that each speaks for."""

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
    """

    rows: tf.Tensor
    products: tf.Tensor
    weights: tf.Tensor
    latest: tf.Tensor


class ItemToItem(tf.Module):
    """Sums what the history's products give to others.

    Most products speak for none, and many are never spoken for: rows are kept for those that speak, and
    scores are made for those spoken for alone, in the order of the catalogue. A score of 0 for anybody
    else follows them.

    Args:
        index: Products that each speaks for or against `[products, others]`, -1 pads.
        score: How much `[products, others]`.
    """

    def __init__(self, index: np.ndarray, score: np.ndarray) -> None:
        super().__init__()
        speaks = np.flatnonzero((index >= 0).any(axis=1))
        named = np.unique(index[index >= 0]).astype(np.int32)
        self.num_named = len(named)
        place = np.full(index.shape[0], self.num_named, np.int32)
        place[named] = np.arange(self.num_named)
        rows = np.zeros(index.shape[0], np.int32)
        rows[speaks] = 1 + np.arange(len(speaks))
        silent = np.full((1, index.shape[1]), -1, index.dtype)
        others = np.concatenate([silent, index[speaks]])
        self.named = frozen(named, tf.int32)
        self.place = frozen(place, tf.int32)
        self.row = frozen(rows, tf.int32)
        self.others = frozen(np.where(others >= 0, place[np.maximum(others, 0)], self.num_named), tf.int32)
        given = np.concatenate([np.zeros_like(silent, np.float32), score[speaks]])
        self.given = frozen(np.where(others >= 0, given, 0.0), tf.float32)

    def __call__(self, purchases: Purchases, weights: tf.Tensor, batch: tf.Tensor) -> tf.Tensor:
        """Scores of those spoken for, by each of two weights `[purchases, 2]`: `[batch, 2, named + 1]`."""
        row = tf.gather(self.row, purchases.products)
        width = self.num_named + 1
        segment = tf.cast(2 * purchases.rows * width, tf.int32)[:, tf.newaxis] + tf.gather(self.others, row)
        given = tf.gather(self.given, row)
        values = [tf.reshape(given * weights[:, column, tf.newaxis], [-1]) for column in (0, 1)]
        segment = tf.reshape(segment, [-1])
        summed = tf.math.unsorted_segment_sum(
            tf.concat(values, axis=0), tf.concat([segment, segment + width], axis=0), 2 * batch * width
        )
        return tf.reshape(summed, [batch, 2, width])

    def at(self, scores: tf.Tensor, products: tf.Tensor) -> tf.Tensor:
        """Scores of some products: `[batch, tastes, named + 1]` at `[batch, count]`."""
        return tf.gather(scores, tf.gather(self.place, products), batch_dims=1, axis=2)

    def everywhere(self, scores: tf.Tensor) -> tf.Tensor:
        """Scores `[batch, named + 1]` of the whole catalogue `[batch, products]`."""
        return tf.gather(scores, self.place, axis=1)

    def spoken_for(self, products: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Products that each of `[...]` speaks for, int64 with -1 pads, and how much `[..., others]`."""
        row = tf.gather(self.row, products)
        place = tf.gather(self.others, row)
        names = tf.concat([self.named, [-1]], axis=0)
        return tf.cast(tf.gather(names, place), tf.int64), tf.gather(self.given, row)


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
