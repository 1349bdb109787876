"""Which queries get candidates: a bounded number, and some a second time as those of a new user."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from schema import names
from schema.transformed import read_rows

_BUCKETS = 1 << 20
_COLD_KEY = [17, 42]
_HISTORY = (names.HISTORY_INDEX, names.HISTORY_TIME, names.HISTORY_TYPE)

Tensors = dict[str, Any]


def share_of_users(patterns: Sequence[str], moments: Sequence[int], most_queries: int) -> float:
    """The share of users that keeps the window queries at these moments to about `most_queries`.

    Args:
        patterns: Transformed queries.
        moments: Starts of the windows.
        most_queries: Queries wanted at most.

    Returns:
        At most 1.
    """
    spec = {
        names.QUERY_TIME: tf.io.FixedLenFeature([], tf.int64, 0),
        names.QUERY_KIND: tf.io.FixedLenFeature([], tf.string, ""),
    }
    wanted = tf.constant(list(moments), tf.int64)
    total = 0
    for rows in read_rows(patterns, spec, 8192):
        is_moment = tf.reduce_any(rows[names.QUERY_TIME][:, tf.newaxis] == wanted, axis=1)
        is_window = rows[names.QUERY_KIND] == names.KIND_WINDOW
        total += int(tf.math.count_nonzero(tf.logical_and(is_moment, is_window)))
    return min(1.0, most_queries / max(total, 1))


def in_sample(user_ids: tf.Tensor, share: float) -> tf.Tensor:
    """Whether users belong to the sample, by a hash of their id: bool `[users]`."""
    bucket = tf.strings.to_hash_bucket_fast(user_ids, _BUCKETS)
    return bucket < int(share * _BUCKETS)


def as_new_users(rows: Tensors, share: float) -> Tensors:
    """The queries of a share of the users as if they had no history and no known id.

    Users without history are rare in training windows; without such queries the ranker would not learn
    how to order candidates for them.

    Args:
        rows: Parsed rows of transformed queries.
        share: Share of the users, chosen by a hash of the id.
    """
    bucket = tf.strings.to_hash_bucket_strong(rows[names.USER_ID], _BUCKETS, _COLD_KEY)
    chosen = bucket < int(share * _BUCKETS)
    picked = {name: tf.ragged.boolean_mask(value, chosen) for name, value in rows.items()}
    emptied = {name: picked[name][:, :0] for name in _HISTORY}
    return (
        picked
        | emptied
        | {names.USER_INDEX: tf.fill(tf.shape(picked[names.USER_INDEX]), tf.constant(-1, tf.int64))}
    )
