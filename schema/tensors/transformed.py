"""How transformed rows are parsed and made dense: the same for trainers, components and the served graph.

Imports TensorFlow, so it is imported by TensorFlow code only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from schema import names
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.fields import DENSE, HISTORY, TRANSFORMED
from schema.served.candidate_features import CANDIDATE_FEATURES

Tensors = dict[str, Any]

_MISSING = float("nan")
_OUTCOMES = (names.LABEL_EVENTS, names.LABEL_QUANTITY, names.LABEL_RATING)
_SCALARS: dict[str, Any] = {names.USER_INDEX: -1, names.QUERY_TIME: 0, names.TARGET_END: 0}


def query_spec(features: FeatureSet, with_targets: bool = True) -> Tensors:
    """Returns the parsing spec of a transformed query row."""
    spec: Tensors = {name: _ragged(name, tf.int64) for name in TRANSFORMED}
    spec |= {name: tf.io.FixedLenFeature([], tf.int64, default) for name, default in _SCALARS.items()}
    spec |= {name: tf.io.FixedLenFeature([], tf.string, "") for name in (names.USER_ID, names.QUERY_KIND)}
    if with_targets:
        spec[names.TARGET_INDEX] = _ragged(names.TARGET_INDEX, tf.int64)
        spec[names.TARGET_WEIGHT] = _ragged(names.TARGET_WEIGHT, tf.float32)
    return spec | {name: _column_spec(name, column) for name, column in features.user_columns().items()}


def catalog_spec(features: FeatureSet) -> Tensors:
    """Returns the parsing spec of a transformed catalog row."""
    spec: Tensors = {
        names.PRODUCT_ID: tf.io.FixedLenFeature([], tf.string, ""),
        names.PRODUCT_INDEX: tf.io.FixedLenFeature([], tf.int64, -1),
        names.AVAILABLE: _ragged(names.AVAILABLE, tf.int64),
    }
    return spec | {name: _column_spec(name, column) for name, column in features.product_columns().items()}


def availability(rows: Mapping[str, Any]) -> tf.Tensor:
    """Whether each product of parsed catalog rows may be recommended; unknown counts as yes."""
    return _scalar(rows[names.AVAILABLE], 1) != 0


def read_rows(patterns: Sequence[str], spec: Tensors, batch_size: int = 1024) -> tf.data.Dataset:
    """Reads and parses TFRecord files in the order of their names.

    Args:
        patterns: File patterns of compressed TFRecords.
        spec: From `query_spec` or `catalog_spec`.
        batch_size: Rows parsed at a time.
    """
    return (
        read_records(patterns)
        .batch(batch_size)
        .map(lambda batch: tf.io.parse_example(batch, spec), num_parallel_calls=2, deterministic=True)
        .prefetch(2)
    )


def read_records(patterns: Sequence[str]) -> tf.data.Dataset:
    """Serialised rows of compressed TFRecord files, in the order of their names."""
    files = sorted(name for pattern in patterns for name in tf.io.gfile.glob(pattern))
    return tf.data.TFRecordDataset(files, compression_type="GZIP", buffer_size=1 << 20)


def dense_query(rows: Mapping[str, Any], features: FeatureSet, history_length: int | None) -> Tensors:
    """Makes the query side of parsed rows dense.

    Args:
        rows: Ragged or sparse tensors as parsed by `query_spec` or computed by the transform graph.
        features: Feature columns.
        history_length: Events kept, the newest ones; all if None.

    Returns:
        `history_index`, `history_type` (int64, -1 pads) and `history_age` (float32, days before the
        query): `[batch, time]`, oldest first, padded on the right; `query_time`, `user_index`:
        `[batch]`; user columns as of `dense_columns`.
    """
    time = _scalar(rows[names.QUERY_TIME], 0)
    kept = {field: _newest(_as_ragged(rows[field.transformed]), history_length) for field in HISTORY}
    dense: Tensors = {field.dense: _sequence(values, field.padding) for field, values in kept.items()}
    age = tf.cast(time[:, tf.newaxis] - dense[names.HISTORY_AGE], tf.float32) / names.SECONDS_PER_DAY
    mask = tf.sequence_mask(kept[HISTORY[0]].row_lengths(), tf.shape(age)[1])
    dense[names.HISTORY_AGE] = tf.where(mask, tf.maximum(age, 0.0), tf.zeros_like(age))
    return dense | dense_user(rows, features)


def dense_user(rows: Mapping[str, Any], features: FeatureSet) -> Tensors:
    """What `dense_query` says beside the history."""
    scalars = {
        names.QUERY_TIME: _scalar(rows[names.QUERY_TIME], 0),
        names.USER_INDEX: _scalar(rows[names.USER_INDEX], -1),
    }
    return scalars | dense_columns(rows, features.user_columns())


def dense_columns(rows: Mapping[str, Any], columns: Mapping[str, FeatureColumn]) -> Tensors:
    """Makes feature columns dense.

    Returns:
        Index `[batch]`, words of a text or members of a set or path `[batch, words]` (-1 pads), embedding
        `[batch, dim]`.
    """
    dense: Tensors = {}
    for name, column in columns.items():
        value = rows[name]
        if column.kind is Kind.TEXT or column.has_members:
            dense[name] = _as_ragged(value).to_tensor(-1)
        elif column.kind is Kind.EMBEDDING:
            dense[name] = _padded(value, column.dim)
        else:
            dense[name] = _scalar(value, 0)
    return dense


def _ragged(name: str, dtype: Any) -> Any:
    return tf.io.RaggedFeature(dtype, value_key=name, row_splits_dtype=tf.int64)


def _column_spec(name: str, column: FeatureColumn) -> Any:
    """Ragged for every kind: a missing value may be an absent feature or an empty list."""
    return _ragged(name, tf.float32 if column.kind is Kind.EMBEDDING else tf.int64)


def _newest(values: tf.RaggedTensor, count: int | None) -> tf.RaggedTensor:
    return values if count is None else values[:, -count:]


def _sequence(values: tf.RaggedTensor, default: int) -> tf.Tensor:
    """Dense and at least one wide: reductions over an empty axis give infinities."""
    dense = values.to_tensor(default)
    missing = tf.maximum(1 - tf.shape(dense)[1], 0)
    return tf.pad(dense, [[0, 0], [0, missing]], constant_values=default)


def _as_ragged(value: Any) -> tf.RaggedTensor:
    return tf.RaggedTensor.from_sparse(value) if isinstance(value, tf.SparseTensor) else value


def _scalar(value: Any, default: int) -> tf.Tensor:
    """First value of each row, or the default where a row has none."""
    if isinstance(value, tf.Tensor):
        return value
    if isinstance(value, tf.SparseTensor):
        wide = tf.SparseTensor(value.indices, value.values, tf.maximum(value.dense_shape, 1))
        return tf.sparse.to_dense(wide, default, validate_indices=False)[:, 0]
    return value.to_tensor(default, shape=[None, 1])[:, 0]


def _padded(value: Any, dim: int) -> tf.Tensor:
    return _as_ragged(value).to_tensor(0.0, shape=[None, dim])


def dense_query_signature(example: Mapping[str, Any]) -> dict[str, tf.TensorSpec]:
    """Specs of the dense query tensors of a batch: batch and time of any length, targets left out."""
    specs = {}
    for name, value in example.items():
        if isinstance(value, tf.RaggedTensor):
            continue
        is_sequence = value.shape.rank == 2 and (value.dtype.is_integer or name in DENSE)
        inner = [None] if is_sequence else value.shape[1:]
        specs[name] = tf.TensorSpec([None, *inner], value.dtype, name)
    return specs


def candidate_spec(features: FeatureSet) -> Tensors:
    """Returns the parsing spec of a row of candidates, as the CandidateGenerator writes it."""
    spec: Tensors = {
        field.dense: _ragged(field.dense, tf.float32 if field.is_real else tf.int64) for field in HISTORY
    }
    spec |= {name: tf.io.FixedLenFeature([], tf.int64) for name in (names.USER_INDEX, names.QUERY_TIME)}
    spec[names.NUM_TARGETS] = tf.io.FixedLenFeature([], tf.int64, 0)
    spec[names.CANDIDATE_INDEX] = _ragged(names.CANDIDATE_INDEX, tf.int64)
    spec[names.TARGET_INDEX] = _ragged(names.TARGET_INDEX, tf.int64)
    for name in (names.QUERY_EMBEDDING, names.CANDIDATE_FEATURES, names.LABEL, *_OUTCOMES):
        spec[name] = _ragged(name, tf.float32)
    return spec | {name: _column_spec(name, column) for name, column in features.user_columns().items()}


def dense_candidates(rows: Mapping[str, Any], features: FeatureSet) -> Tensors:
    """Makes parsed rows of candidates dense.

    Returns:
        The dense query tensors, `query_embedding [batch, dim]`, `candidate_index`, `label`,
        `label_quantity` and `label_rating` `[batch, candidates]`, `label_events` `[batch, candidates,
        event types]` and `candidate_features [batch, candidates, features]`.
    """
    index = rows[names.CANDIDATE_INDEX].to_tensor()
    flat = rows[names.CANDIDATE_FEATURES].to_tensor()
    shape = tf.shape(index)
    dense: Tensors = {
        names.CANDIDATE_INDEX: index,
        names.CANDIDATE_FEATURES: tf.reshape(flat, [shape[0], shape[1], len(CANDIDATE_FEATURES)]),
        names.LABEL: rows[names.LABEL].to_tensor(),
        names.LABEL_QUANTITY: _outcome(rows[names.LABEL_QUANTITY], _MISSING, shape),
        names.LABEL_RATING: _outcome(rows[names.LABEL_RATING], _MISSING, shape),
        names.LABEL_EVENTS: _outcome(
            rows[names.LABEL_EVENTS], 0.0, tf.concat([shape, [len(features.event_types)]], axis=0)
        ),
        names.QUERY_EMBEDDING: rows[names.QUERY_EMBEDDING].to_tensor(),
        **{field.dense: _sequence(rows[field.dense], field.padding) for field in HISTORY},
        names.QUERY_TIME: rows[names.QUERY_TIME],
        names.USER_INDEX: rows[names.USER_INDEX],
        names.NUM_TARGETS: rows[names.NUM_TARGETS],
    }
    return dense | dense_columns(rows, features.user_columns())


def _outcome(values: tf.RaggedTensor, default: float, shape: tf.Tensor) -> tf.Tensor:
    """Values of each candidate, the default in rows without them."""
    dense = values.to_tensor(default)
    missing = tf.reduce_prod(shape[1:]) - tf.shape(dense)[1]
    padded = tf.pad(dense, [[0, 0], [0, missing]], constant_values=default)
    return tf.reshape(padded, shape)
