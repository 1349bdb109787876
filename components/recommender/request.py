"""The inputs of the served model: their specs, and what the transform graph reads of them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from schema import names
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.fields import HISTORY, RAW, TRANSFORMED

Tensors = dict[str, Any]


def request_specs(features: FeatureSet) -> dict[str, tf.TensorSpec]:
    """Specs of what every request carries; the contract is in `docs/served-model.md`."""
    specs = {
        names.USER_ID: tf.TensorSpec([None], tf.string, names.USER_ID),
        names.QUERY_TIME: tf.TensorSpec([None], tf.int64, names.QUERY_TIME),
    }
    for field in HISTORY:
        dtype = tf.string if field.is_text else tf.int64
        specs[field.raw] = tf.TensorSpec([None, None], dtype, field.raw)
    columns = features.user_columns()
    return specs | {name: _column_spec(name, column) for name, column in columns.items()}


def product_specs(features: FeatureSet) -> dict[str, tf.TensorSpec]:
    """Specs of products that are described by their columns: ids `[batch]` and each used column."""
    columns = features.product_columns()
    specs = {name: _column_spec(name, column) for name, column in columns.items()}
    return {names.PRODUCT_ID: tf.TensorSpec([None], tf.string, names.PRODUCT_ID), **specs}


def raw_products(inputs: Tensors, features: FeatureSet) -> dict[str, tf.SparseTensor]:
    """Dense product columns as the transform graph reads raw catalogue rows."""
    columns = features.product_columns()
    raw = {name: _raw_feature(inputs[name], column) for name, column in columns.items()}
    return {names.PRODUCT_ID: _sparse(inputs[names.PRODUCT_ID][:, tf.newaxis]), **raw}


def request_of_one_product(product_id: tf.Tensor, specs: dict[str, tf.TensorSpec]) -> Tensors:
    """Requests of users of whom nothing is known but one event with a product `[batch]`."""
    batch = tf.shape(product_id)[0]
    event = {
        field.raw: tf.fill([batch, 1], "") if field.is_text else tf.zeros([batch, 1], tf.int64)
        for field in HISTORY
    }
    unknown = {
        name: _missing(spec, batch) for name, spec in specs.items() if name.startswith(names.USER_PREFIX)
    }
    return {
        **unknown,
        **event,
        names.USER_ID: tf.fill([batch], ""),
        names.QUERY_TIME: tf.ones([batch], tf.int64),
        names.HISTORY_PRODUCT_ID: product_id[:, tf.newaxis],
        names.HISTORY_EVENT_TYPE: tf.fill([batch, 1], names.DEFAULT_EVENT_TYPE),
    }


def raw_request(inputs: Tensors, features: FeatureSet) -> dict[str, tf.SparseTensor]:
    """Dense request tensors as the transform graph reads raw rows; padding stays in its place."""
    raw = {
        names.USER_ID: _sparse(inputs[names.USER_ID][:, tf.newaxis]),
        names.QUERY_TIME: _sparse(inputs[names.QUERY_TIME][:, tf.newaxis]),
    }
    for name in RAW:
        raw[name] = _sparse(inputs[name])
    for name, column in features.user_columns().items():
        raw[name] = _raw_feature(inputs[name], column)
    return raw


def looked_up(inputs: Tensors) -> dict[str, tf.SparseTensor]:
    """Events whose products and types have been looked up, as the transform graph gives them.

    Fields that are not given, since post-ranking does not read them, are 0.
    """
    nothing = tf.zeros_like(inputs[names.HISTORY_TIME])
    return {name: _sparse(inputs.get(name, nothing)) for name in TRANSFORMED}


class RequestHistories:
    """The transformed histories of a request, of which `dense_query` would make the same tensors.

    Positions in the request are known, so that they need not go through ragged tensors: those take hundreds
    of operations.

    Args:
        inputs: The request.
        transformed: What the transform graph makes of `raw_request`.
    """

    def __init__(self, inputs: Tensors, transformed: Tensors) -> None:
        present = inputs[names.HISTORY_PRODUCT_ID] != ""
        self._time = inputs[names.QUERY_TIME][:, tf.newaxis]
        self._lengths = tf.reduce_sum(tf.cast(present, tf.int32), axis=1, keepdims=True)
        shape = tf.shape(present)
        events = tf.stack([tf.reshape(transformed[name].values, shape) for name in TRANSFORMED], axis=2)
        # What is present first, in its order, and at least one slot: reductions need one.
        order = tf.math.top_k(tf.cast(present, tf.int32), k=shape[1]).indices
        events = tf.gather(events, order, batch_dims=1)
        self._events = tf.pad(events, [[0, 0], [0, tf.maximum(1 - shape[1], 0)], [0, 0]])

    def newest(self, count: int | None) -> Tensors:
        """`history_index`, `history_age` and `history_type` of the newest events; of all if None."""
        width = tf.shape(self._events)[1]
        if count is None:
            events, start = self._events, tf.zeros_like(self._lengths)
        else:
            width, start = tf.minimum(width, count), tf.maximum(self._lengths - count, 0)
            events = tf.gather(self._events, start + tf.range(width)[tf.newaxis, :], batch_dims=1)
        exists = start + tf.range(width)[tf.newaxis, :] < self._lengths
        values = dict(zip(TRANSFORMED, tf.unstack(events, num=len(TRANSFORMED), axis=2), strict=True))
        age = tf.cast(self._time - values[names.HISTORY_TIME], tf.float32) / names.SECONDS_PER_DAY
        return {
            field.dense: tf.where(exists, values[field.transformed], field.padding)
            for field in HISTORY
            if not field.is_real
        } | {names.HISTORY_AGE: tf.where(exists, tf.maximum(age, 0.0), 0.0)}


def _column_spec(name: str, column: FeatureColumn) -> tf.TensorSpec:
    shape = [None, column.dim] if column.kind is Kind.EMBEDDING else [None]
    if column.has_members:
        shape = [None, None]
    number = column.kind in (Kind.NUMBER, Kind.EMBEDDING)
    return tf.TensorSpec(shape, tf.float32 if number else tf.string, name)


def _missing(spec: tf.TensorSpec, batch: tf.Tensor) -> tf.Tensor:
    """The value of an input that a request lacks."""
    inner = [length or 1 for length in spec.shape[1:].as_list()]
    shape = tf.concat([[batch], tf.constant(inner, tf.int32)], axis=0)
    return tf.fill(shape, "" if spec.dtype == tf.string else float("nan"))


def _sparse(values: tf.Tensor, present: tf.Tensor | None = None) -> tf.SparseTensor:
    """The present values, each in its place."""
    mask = tf.ones_like(values, tf.bool) if present is None else present
    indices = tf.where(mask)
    kept = tf.reshape(values, [-1]) if present is None else tf.gather_nd(values, indices)
    return tf.SparseTensor(indices, kept, tf.shape(values, out_type=tf.int64))


def _raw_feature(values: tf.Tensor, column: FeatureColumn) -> tf.SparseTensor:
    """Missing numbers are NaN and missing texts empty: they become missing values."""
    if column.kind is Kind.EMBEDDING:
        return tf.ragged.boolean_mask(values, tf.math.is_finite(values)).to_sparse()
    wide = values if column.has_members else values[:, tf.newaxis]
    return _sparse(wide, tf.math.is_finite(wide) if column.kind is Kind.NUMBER else wide != "")
