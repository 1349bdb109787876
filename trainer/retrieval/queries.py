"""Training and evaluation queries in memory, batched by index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from schema import names
from schema.features import FeatureSet
from schema.fields import TRANSFORMED
from schema.tensors.transformed import dense_query, query_spec, read_records

Tensors = dict[str, Any]

_RECORDS_AT_ONCE = 4096


def read_queries(
    patterns: Sequence[str],
    features: FeatureSet,
    history_length: int | None = None,
    targets_end_by: int | None = None,
) -> Tensors:
    """Reads transformed query rows that have at least one target in the product vocabulary.

    Args:
        patterns: File patterns of transformed TFRecords.
        features: Feature columns.
        history_length: Newest events of each history that are kept in memory; all if None.
        targets_end_by: Rows whose targets end later, epoch seconds, are left out unread.

    Returns:
        Parsed columns, with the targets of each row sorted by index.

    Raises:
        ValueError: No row is left.
    """
    batches = []
    spec = query_spec(features)
    for records in read_records(patterns).batch(_RECORDS_AT_ONCE).prefetch(2):
        rows = tf.io.parse_example(_in_time(records, targets_end_by), spec)
        known = _known_targets(_newest_events(rows, history_length))
        mask = known[names.TARGET_INDEX].row_lengths() > 0
        batches.append({name: tf.ragged.boolean_mask(value, mask) for name, value in known.items()})
    if not batches or sum(int(batch[names.QUERY_TIME].shape[0]) for batch in batches) == 0:
        raise ValueError(
            f"No query is left to train or evaluate on. Received: patterns={list(patterns)}. "
            "Remedy: supply events over a longer time or shorten `split.eval_window`."
        )
    return {name: tf.concat([batch[name] for batch in batches], axis=0) for name in batches[0]}


def num_queries(queries: Tensors) -> int:
    """Number of rows."""
    return int(queries[names.QUERY_TIME].shape[0])


def query_batches(
    queries: Tensors,
    features: FeatureSet,
    history_length: int,
    batch_size: int,
    shuffle_seed: int | None = None,
) -> tf.data.Dataset:
    """Batches of dense query tensors with ragged targets; shuffled anew each epoch if a seed is given."""
    size = num_queries(queries)
    indices = tf.data.Dataset.range(size)
    if shuffle_seed is not None:
        indices = indices.shuffle(size, seed=shuffle_seed, reshuffle_each_iteration=True)

    def gather(index: tf.Tensor) -> Tensors:
        rows = {name: tf.gather(value, index) for name, value in queries.items()}
        targets = {name: rows[name] for name in (names.TARGET_INDEX, names.TARGET_WEIGHT)}
        return dense_query(rows, features, history_length) | targets

    return indices.batch(batch_size).map(gather, num_parallel_calls=2, deterministic=True).prefetch(2)


def target_shares(queries: Tensors, num_products: int) -> np.ndarray:
    """Probability that a target drawn from a random query is each product, float32 `[num_products]`."""
    targets = queries[names.TARGET_INDEX]
    per_row = 1.0 / tf.cast(targets.row_lengths(), tf.float32)
    weights = tf.gather(per_row, targets.value_rowids())
    shares = np.bincount(targets.flat_values.numpy(), weights.numpy(), minlength=num_products)
    normalised: np.ndarray = (shares / shares.sum()).astype(np.float32)
    return normalised


def weigh_users_alike(queries: Tensors) -> Tensors:
    """Divides the weights of the targets of each query by the number of queries of its user.

    Weights are then scaled back to the same total, so that the learning rate means the same.
    """
    _, user, counts = tf.unique_with_counts(queries[names.USER_ID])
    weights = queries[names.TARGET_WEIGHT]
    per_row = 1.0 / tf.cast(tf.gather(counts, user), tf.float32)
    values = weights.flat_values * tf.gather(per_row, weights.value_rowids())
    scale = tf.math.divide_no_nan(tf.reduce_sum(weights.flat_values), tf.reduce_sum(values))
    return queries | {names.TARGET_WEIGHT: weights.with_flat_values(values * scale)}


def _in_time(records: tf.Tensor, targets_end_by: int | None) -> tf.Tensor:
    """Drops serialised rows by the end of their targets: parsing long histories in vain costs most."""
    if targets_end_by is None:
        return records
    head = tf.io.parse_example(records, {names.TARGET_END: tf.io.FixedLenFeature([], tf.int64, 0)})
    return tf.boolean_mask(records, head[names.TARGET_END] <= targets_end_by)


def _newest_events(rows: Tensors, count: int | None) -> Tensors:
    if count is None:
        return rows
    return rows | {name: rows[name][:, -count:] for name in TRANSFORMED}


def _known_targets(rows: Tensors) -> Tensors:
    targets, weights = rows[names.TARGET_INDEX], rows[names.TARGET_WEIGHT]
    known = targets >= 0
    targets = tf.ragged.boolean_mask(targets, known)
    weights = tf.ragged.boolean_mask(weights, known)
    order = tf.argsort(targets.value_rowids() * (1 << 40) + targets.flat_values)
    return rows | {
        names.TARGET_INDEX: targets.with_flat_values(tf.gather(targets.flat_values, order)),
        names.TARGET_WEIGHT: weights.with_flat_values(tf.gather(weights.flat_values, order)),
    }
