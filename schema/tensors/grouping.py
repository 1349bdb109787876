"""Totals of a user's events by product or category, looked up for each candidate.

Grouping by a table of keys costs O(history + candidates) a query, so that histories may be long; comparing
every candidate with every event would cost their product. All groupings of a query (its product and each of
its categories) go through the same few operations: a served request is hundreds of small operations, and
what each costs by itself is more than what it computes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

NEVER_DAYS = 3650.0


@dataclass(frozen=True)
class Totals:
    """What a history says of each candidate's product or category.

    Attributes:
        counts: Sums of the events' weights `[batch, candidates, ..., weights]`, 0 without an event.
        newest: Age in days of the newest event `[batch, candidates, ...]`, ten years without one.
        oldest: Age of the oldest event, 0 without one.
    """

    counts: tf.Tensor
    newest: tf.Tensor
    oldest: tf.Tensor


@dataclass(frozen=True)
class GroupTotals:
    """What a history says of every product and category in it, and which of them each candidate has.

    Whatever is computed of each group is computed on the table before it is looked up, where there are
    more candidates than events.

    Attributes:
        table: Sums of the events' weights, the newest and the oldest age; a row without events first
            `[groups, weights + 2]`.
        group: Rows of the table `[batch, candidates, groupings]`.
    """

    table: tf.Tensor
    group: tf.Tensor

    def of(self, grouping: int) -> Totals:
        """Those of one grouping, without its axis."""
        return _totals(tf.gather(self.table, self.group[:, :, grouping]))

    def beginning_with(self, grouping: int) -> Totals:
        """Those of a grouping and all that follow `[batch, candidates, groupings, ...]`."""
        return _totals(tf.gather(self.table, self.group[:, :, grouping:]))


def group_totals(
    history: tf.Tensor,
    candidates: tf.Tensor,
    mask: tf.Tensor,
    weights: tf.Tensor,
    age: tf.Tensor,
    num_keys: int,
) -> GroupTotals:
    """Groups the events of each row by their keys and looks up the keys of the candidates.

    Args:
        history: Keys of each event by every grouping, from 0 to `num_keys - 1` `[batch, time, groupings]`;
            groupings that are not to be mixed have keys of their own (`joint_keys`).
        candidates: Keys of each candidate, likewise `[batch, candidates, groupings]`.
        mask: Which events count, bool `[batch, time, groupings]` or `[batch, time, 1]`.
        weights: Weights of each event `[batch, time, weights]`.
        age: Days before the query `[batch, time]`.
        num_keys: Number of keys; the memory is one integer for each, in each row.
    """
    batch, time, _ = tf.unstack(tf.shape(history))
    groupings = history.shape[2]
    rows = tf.reshape(tf.range(batch) * (num_keys + 1), [-1, 1, 1])
    keys = tf.reshape(rows + tf.where(mask, tf.cast(history, tf.int32), num_keys), [-1])
    # Every key is stood for by its last event, counted from 1; 0 is no event.
    numbers = 1 + tf.range(batch * time * groupings)
    standing = tf.maximum(tf.math.unsorted_segment_max(numbers, keys, batch * (num_keys + 1)), 0)
    event = tf.reshape(tf.range(batch * time)[:, tf.newaxis] + tf.zeros([1, groupings], tf.int32), [-1])
    table = _table(tf.gather(standing, keys), weights, age, event, 1 + tf.size(keys))
    return GroupTotals(table, tf.gather(standing, rows + tf.cast(candidates, tf.int32)))


def _totals(found: tf.Tensor) -> Totals:
    return Totals(counts=found[..., :-2], newest=found[..., -2], oldest=found[..., -1])


def joint_keys(columns: Sequence[np.ndarray]) -> tuple[np.ndarray, int]:
    """Keys of several groupings, none of which any two share, and how many there are.

    Args:
        columns: Not negative `[products]` each.

    Returns:
        int32 `[products, groupings]`, and the number of keys.
    """
    sizes = [int(column.max(initial=0)) + 1 for column in columns]
    starts = np.cumsum([0, *sizes])
    keys = [column + start for column, start in zip(columns, starts[:-1], strict=True)]
    return np.stack(keys, axis=1).astype(np.int32), int(starts[-1])


def _table(
    group: tf.Tensor, weights: tf.Tensor, age: tf.Tensor, event: tf.Tensor, size: tf.Tensor
) -> tf.Tensor:
    """Weights, newest and oldest age of each group; those of no event first `[size, weights + 2]`."""
    ages = tf.gather(tf.reshape(age, [-1]), event)
    newest = tf.math.unsorted_segment_min(ages, group, size)  # the largest number there is without an event
    oldest = tf.math.unsorted_segment_max(ages, group, size)  # the smallest likewise
    counts = tf.math.unsorted_segment_sum(
        tf.gather(tf.reshape(weights, [-1, weights.shape[-1]]), event), group, size
    )
    both = tf.stack([tf.minimum(newest, NEVER_DAYS), tf.maximum(oldest, 0.0)], axis=1)
    return tf.concat([counts, both], axis=1)
