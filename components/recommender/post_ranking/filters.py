"""The third stage in the graph: hard filters, the cut to `top_k`, and the fill for short lists."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

Tensors = dict[str, Any]

FILTERED = -1e30
"""Score of what must not be recommended."""
_ALL_BUT_EQUAL = 1e-3
_FILL_STEP = 1e-3
_MAX_STEPS = 1e9
"""Steps of `_ALL_BUT_EQUAL` between two scores that are told apart."""


class Membership:
    """Some products of each row, to be asked for others.

    A table of the catalogue, which costs less than a sort.

    Args:
        products: -1 pads `[batch, any number]`.
        num_products: No product that is there or asked for is as large; scalar.
    """

    def __init__(self, products: tf.Tensor, num_products: int | tf.Tensor) -> None:
        batch = tf.shape(products)[0]
        size = tf.cast(num_products, tf.int32)
        self._rows = tf.range(batch)[:, tf.newaxis] * size
        keys = tf.where(products >= 0, self._rows + tf.cast(products, tf.int32), -1)  # which counts nowhere
        self._counts = tf.math.unsorted_segment_sum(tf.ones_like(keys), keys, batch * size)

    def __call__(self, index: tf.Tensor) -> tf.Tensor:
        """Whether each product `[batch, candidates]` is one of its row."""
        return tf.gather(self._counts, self._rows + tf.cast(index, tf.int32)) > 0


def exclude(index: tf.Tensor, excluded: tf.Tensor) -> tf.Tensor:
    """Whether each product is among the excluded ones of its row.

    Args:
        index: Products `[batch, candidates]`.
        excluded: Products that must not be recommended, -1 pads `[batch, excluded]`.

    Returns:
        Bool `[batch, candidates]`.
    """
    largest = tf.reduce_max(tf.concat([tf.reshape(index, [-1]), tf.reshape(excluded, [-1])], axis=0))
    return Membership(excluded, largest + 1)(index)


def append_fill(index: tf.Tensor, scores: tf.Tensor, fill: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Appends popular products below every ranked candidate; those already in the list are filtered.

    Args:
        index: Candidates `[batch, candidates]`.
        scores: Their scores `[batch, candidates]`.
        fill: Products by popularity `[fill]`.

    Returns:
        `[batch, candidates + fill]` each.
    """
    batch = tf.shape(index)[0]
    filled = tf.tile(fill[tf.newaxis, :], [batch, 1])
    known = tf.where(scores > FILTERED, scores, 0.0)
    least = tf.reduce_min(known, axis=1, keepdims=True) - 1.0
    below = least - _FILL_STEP * tf.range(tf.cast(tf.shape(fill)[0], tf.float32))[tf.newaxis, :]
    below = tf.where(exclude(filled, index), FILTERED, below)
    return tf.concat([index, filled], axis=1), tf.concat([scores, below], axis=1)


def cut(scores: tf.Tensor, top_k: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Picks the best positions of each row.

    Args:
        scores: `[batch, candidates]`.
        top_k: Scalar.

    Returns:
        Positions, scores and whether there is a product at all, each `[batch, top_k]`.
    """
    count = tf.minimum(top_k, tf.shape(scores)[1])
    best = tf.math.top_k(scores, k=count)
    missing = [[0, 0], [0, top_k - count]]
    position = tf.pad(best.indices, missing)
    value = tf.pad(best.values, missing, constant_values=FILTERED)
    return position, value, value > FILTERED


def insert_new(scores: tf.Tensor, is_new: tf.Tensor, index: tf.Tensor, step: int, count: int) -> tf.Tensor:
    """Raises products never sold before to every `step`-th rank; their scores alone would hide them.

    A product without a past is bought too seldom to earn a rank among the first hundred, and without a
    rank it never gets a past. None is lowered, and where the others end nothing is raised. New products
    without features differ by rounding only: scores that are all but equal count as equal, and the product
    index decides, so that batches of any size give the same list.

    Args:
        scores: `[batch, candidates]`.
        is_new: Which candidates are new products, bool `[batch, candidates]`.
        index: Products, `[batch, candidates]`.
        step: The first rank is the `step`-th, counted from 1, the second twice that.
        count: Most new products of a row.

    Returns:
        `[batch, candidates]`.
    """
    width = tf.shape(scores)[1]
    reached = tf.minimum(width, (step - 1) * count + 1)
    others = tf.math.top_k(tf.where(is_new, FILTERED, scores), reached).values
    positions = _best(tf.where(is_new, scores, FILTERED), index, tf.minimum(count, width))
    values = tf.where(
        tf.gather(is_new, positions, batch_dims=1), tf.gather(scores, positions, batch_dims=1), FILTERED
    )
    number = tf.range(tf.shape(values)[1])
    following = step * (number + 1) - 1 - number  # ranks before it are taken by others and by new products
    after = tf.gather(others, tf.minimum(following, reached - 1), axis=1)
    before = tf.gather(others, tf.clip_by_value(following - 1, 0, reached - 1), axis=1)
    exists = tf.logical_and(following[tf.newaxis, :] < width, after > FILTERED)
    exists = tf.logical_and(exists, values > FILTERED)
    raised = tf.where(exists, tf.maximum(values, (before + after) / 2), values)
    rows = tf.tile(tf.range(tf.shape(scores)[0])[:, tf.newaxis], [1, tf.shape(positions)[1]])
    changed = tf.tensor_scatter_nd_update(scores, tf.stack([rows, positions], axis=-1), raised)
    return tf.where(is_new, changed, scores)


def _best(scores: tf.Tensor, index: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """Indices by falling score and, where those are all but equal, by product `[batch, count]`."""
    rounded = tf.clip_by_value(tf.round(scores / _ALL_BUT_EQUAL), -_MAX_STEPS, _MAX_STEPS)
    key = tf.cast(rounded, tf.int64) * 2**31 - tf.cast(index, tf.int64)
    return tf.math.top_k(key, count).indices


def filter_scores(scores: tf.Tensor, filtered: tf.Tensor) -> tf.Tensor:
    """Marks filtered candidates so that `cut` leaves them out."""
    return tf.where(filtered, FILTERED, scores)
