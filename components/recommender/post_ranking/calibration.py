"""Brings a list's mix of categories towards the user's own, in the graph.

The greedy search of Steck, "Calibrated recommendations", RecSys 2018 (section 3): at each rank the product
that serves `(1 - strength) * relevance - strength * KL(p, q~)` best, with `p` the mix of what the user
bought, `q` that of the list so far, and `q~ = 0.99 q + 0.01 p`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from components.recommender.candidates.item_to_item import frozen
from components.recommender.post_ranking import ordering
from components.recommender.post_ranking.diversity import head_size, relevance_by_rank
from schema.tensors.grouping import group_totals

_SMOOTHING = 0.01
_NEVER = -1e9
_MIN_VALUES = 5


def coarsest(categories: np.ndarray) -> np.ndarray | None:
    """The column in which a mix is measured, as `miscalibration@10` does.

    Args:
        categories: Codes of the category columns, -1 where missing `[products, columns]`.

    Returns:
        The column of the fewest values, but at least five if any has so many `[products]`; None without one.
    """
    sizes = {number: len(np.unique(column[column >= 0])) for number, column in enumerate(categories.T)}
    informative = {number: size for number, size in sizes.items() if size > 1}
    if not informative:
        return None
    enough = {number: size for number, size in informative.items() if size >= _MIN_VALUES}
    chosen = min(enough, key=enough.__getitem__) if enough else max(informative, key=informative.__getitem__)
    return np.asarray(categories[:, chosen])


class Calibration(tf.Module):
    """Reorders the head of a list.

    Args:
        category: Code of each product's category, -1 where it is missing `[products]`.
        strength: 0 looks at relevance alone, 1 at the mix alone.
    """

    def __init__(self, category: np.ndarray, strength: float) -> None:
        super().__init__()
        self.category = frozen(category, tf.int64)
        self.num_categories = int(category.max(initial=0)) + 1
        self.strength = strength

    def __call__(
        self, order: tf.Tensor, index: tf.Tensor, scores: tf.Tensor, bought: tf.Tensor, top_k: tf.Tensor
    ) -> tf.Tensor:
        """The order with its head calibrated; that of a user who bought nothing stays.

        Args:
            order: Indices `[batch, width]`.
            index: Products `[batch, width]`.
            scores: `[batch, width]`.
            bought: Products that the user bought, -1 pads, repeated or not `[batch, time]`.
            top_k: Length of the list that is wanted.
        """
        head = order[:, : head_size(order)]
        category = tf.gather(self.category, tf.gather(index, head, batch_dims=1))
        own = tf.gather(self.category, tf.maximum(bought, 0))
        wanted = own_mix(own, bought, category, self.num_categories)
        count = tf.minimum(top_k, tf.shape(head)[1])
        relevance = relevance_by_rank(scores, tf.shape(head)[1])
        return ordering.head_first(order, calibrated(relevance, category, wanted, self.strength, count))


def own_mix(own: tf.Tensor, bought: tf.Tensor, category: tf.Tensor, num_categories: int) -> tf.Tensor:
    """Share of each candidate's category among the user's distinct products of known categories.

    Args:
        own: Category of what was bought `[batch, time]`.
        bought: The products, -1 pads `[batch, time]`.
        category: Of the candidates, -1 where it is missing `[batch, pool]`.
        num_categories: Number of categories.
    """
    known = tf.logical_and(bought >= 0, own >= 0)
    once = tf.logical_and(known, ordering.occurrence(tf.where(known, bought, -1)) == 0)
    weight = tf.cast(once, tf.float32)[..., tf.newaxis]
    keys, asked = (tf.maximum(values, 0)[..., tf.newaxis] for values in (own, category))
    ages = tf.zeros_like(own, tf.float32)
    totals = group_totals(keys, asked, once[..., tf.newaxis], weight, ages, num_categories).of(0)
    share = tf.math.divide_no_nan(totals.counts[..., 0], tf.reduce_sum(weight, axis=1))
    return tf.where(category >= 0, share, 0.0)


def calibrated(
    relevance: tf.Tensor, category: tf.Tensor, wanted: tf.Tensor, strength: float, count: tf.Tensor
) -> tf.Tensor:
    """Chooses `count` candidates one by one.

    Of the divergence only the term of a candidate's own category depends on which candidate is taken, so
    one step costs no more than the pool is long.

    Args:
        relevance: 0 to 1 `[batch, pool]`.
        category: `[batch, pool]`.
        wanted: Share of that category in the user's own mix `[batch, pool]`.
        strength: 0 looks at relevance alone, 1 at the mix alone.
        count: Scalar, at most the pool.

    Returns:
        Indices `[batch, count]`, int32.
    """
    smooth = tf.where(wanted > 0, _SMOOTHING * wanted, 1.0)

    def choose(step: tf.Tensor, taken: tf.Tensor, left: tf.Tensor, chosen: tf.TensorArray) -> tuple[Any, ...]:
        size = tf.cast(step + 1, tf.float32)
        with_it = tf.math.log((1 - _SMOOTHING) * (taken + 1) / size + smooth)
        gain = wanted * (with_it - tf.math.log((1 - _SMOOTHING) * taken / size + smooth))
        value = (1.0 - strength) * relevance + strength * gain
        best = tf.argmax(tf.where(left, value, _NEVER), axis=1, output_type=tf.int32)
        same = category == tf.gather(category, best, batch_dims=1)[:, tf.newaxis]
        left = tf.logical_and(left, ~tf.one_hot(best, tf.shape(left)[1], True, False, dtype=tf.bool))
        return step + 1, taken + tf.cast(same, tf.float32), left, chosen.write(step, best)

    nothing = (tf.zeros_like(relevance), tf.ones_like(relevance, tf.bool))
    begin = (tf.constant(0), *nothing, tf.TensorArray(tf.int32, size=count))
    *_, chosen = tf.while_loop(lambda step, *_: step < count, choose, begin)
    return tf.transpose(tf.ensure_shape(chosen.stack(), [None, None]))
