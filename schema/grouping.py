"""Totals of a user's events by product or category, looked up for each candidate.

Grouping by sorting costs O(history + candidates) a query, so that histories may be long; comparing every
candidate with every event would cost their product.
"""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

NEVER_DAYS = 3650.0


@dataclass(frozen=True)
class Totals:
    """What a history says of each candidate's product or category.

    Attributes:
        counts: Sums of the events' weights `[batch, candidates, weights]`, 0 where there is no event.
        newest: Age in days of the newest event `[batch, candidates]`, ten years where there is none.
        oldest: Age of the oldest event, 0 where there is none.
    """

    counts: tf.Tensor
    newest: tf.Tensor
    oldest: tf.Tensor


def group_totals(
    history: tf.Tensor, candidates: tf.Tensor, mask: tf.Tensor, weights: tf.Tensor, age: tf.Tensor
) -> Totals:
    """Groups the events of each row by key and looks up the keys of the candidates.

    Args:
        history: Key of each event, not negative `[batch, time]`.
        candidates: Key of each candidate, not negative `[batch, candidates]`.
        mask: Which events count, bool `[batch, time]`.
        weights: Weights of each event `[batch, time, weights]`.
        age: Days before the query `[batch, time]`.
    """
    history, candidates = tf.cast(history, tf.int64), tf.cast(candidates, tf.int64)
    span = tf.maximum(tf.reduce_max(candidates), tf.reduce_max(tf.pad(history, [[0, 0], [0, 1]]))) + 1
    rows = tf.range(tf.shape(history, out_type=tf.int64)[0])[:, tf.newaxis] * span
    keys = tf.boolean_mask(rows + history, mask)
    order = tf.argsort(keys, stable=True)
    keys = tf.gather(keys, order)
    is_first = tf.concat([tf.ones_like(keys[:1], tf.bool), keys[1:] != keys[:-1]], axis=0)
    segment = tf.cumsum(tf.cast(is_first, tf.int32)) - 1
    ages = tf.gather(tf.boolean_mask(age, mask), order)
    sums = tf.math.segment_sum(tf.gather(tf.boolean_mask(weights, mask), order), segment)
    newest, oldest = tf.math.segment_min(ages, segment), tf.math.segment_max(ages, segment)
    # A sentinel group at the end: candidates without an event point to it.
    distinct = tf.concat([tf.boolean_mask(keys, is_first), [tf.int64.max]], axis=0)
    wanted = rows + candidates
    place = tf.reshape(tf.searchsorted(distinct, tf.reshape(wanted, [-1])), tf.shape(wanted))
    place = tf.where(tf.gather(distinct, place) == wanted, place, tf.size(distinct) - 1)
    return Totals(
        counts=tf.gather(tf.pad(sums, [[0, 1], [0, 0]]), place),
        newest=tf.minimum(tf.gather(tf.pad(newest, [[0, 1]], constant_values=NEVER_DAYS), place), NEVER_DAYS),
        oldest=tf.gather(tf.pad(oldest, [[0, 1]]), place),
    )
