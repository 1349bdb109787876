"""What a history says of the members of each candidate's set, such as its tags."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from schema.tensors.grouping import NEVER_DAYS, Totals, group_totals


class SetTotals(tf.Module):
    """Counts an event for every member of its product, and means the counts of a candidate's members.

    So a candidate of which a user buys one tag of two counts half of one of which they buy both.

    Args:
        members: Indices of the members of each product, -1 pads `[products, members]`.
    """

    def __init__(self, members: np.ndarray) -> None:
        super().__init__()
        self.members = tf.constant(members, tf.int32)
        self.num_keys = int(members.max(initial=0)) + 1

    def __call__(
        self, history: tf.Tensor, candidates: tf.Tensor, known: tf.Tensor, weights: tf.Tensor, age: tf.Tensor
    ) -> Totals:
        """Totals of each candidate, of its members on average; the newest event is that of any of them.

        Args:
            history: Products `[batch, time]`.
            candidates: Products `[batch, candidates]`.
            known: Which events count `[batch, time]`.
            weights: Of each event `[batch, time, weights]`.
            age: Days before the query `[batch, time]`.

        Returns:
            `counts [batch, candidates, weights]`, `newest` and `oldest` `[batch, candidates]`; those of no
            event where a candidate has no member.
        """
        of_events, of_candidates = tf.gather(self.members, history), tf.gather(self.members, candidates)
        batch, time, _ = tf.unstack(tf.shape(of_events))
        width = self.members.shape[1]
        counted = tf.logical_and(known[..., tf.newaxis], of_events >= 0)
        totals = group_totals(
            tf.reshape(tf.maximum(of_events, 0), [batch, time * width, 1]),
            tf.maximum(of_candidates, 0),
            tf.reshape(counted, [batch, time * width, 1]),
            tf.repeat(weights, width, axis=1),
            tf.repeat(age, width, axis=1),
            self.num_keys,
        ).beginning_with(0)
        present = of_candidates >= 0
        number = tf.reduce_sum(tf.cast(present, tf.float32), axis=2, keepdims=True)
        counts = tf.where(present[..., tf.newaxis], totals.counts, 0.0)
        return Totals(
            counts=tf.math.divide_no_nan(tf.reduce_sum(counts, axis=2), number),
            newest=tf.reduce_min(tf.where(present, totals.newest, NEVER_DAYS), axis=2),
            oldest=tf.reduce_max(tf.where(present, totals.oldest, 0.0), axis=2),
        )
