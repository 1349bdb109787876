"""Which queries get candidates: a bounded number, and some a second time as those of a new user."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from schema import names
from schema.fields import TRANSFORMED

_BUCKETS = 1 << 20
_COLD_KEY = [17, 42]

Tensors = dict[str, Any]


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
    emptied = {name: picked[name][:, :0] for name in TRANSFORMED}
    return (
        picked
        | emptied
        | {names.USER_INDEX: tf.fill(tf.shape(picked[names.USER_INDEX]), tf.constant(-1, tf.int64))}
    )
