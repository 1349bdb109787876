"""The inputs of the served model: their specs, and what the transform graph reads of them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from schema import names
from schema.features import FeatureColumn, FeatureSet, Kind

Tensors = dict[str, Any]


def request_specs(features: FeatureSet) -> dict[str, tf.TensorSpec]:
    """Specs of what every request carries; the contract is in `docs/served-model.md`."""
    specs = {
        names.USER_ID: tf.TensorSpec([None], tf.string, names.USER_ID),
        names.QUERY_TIME: tf.TensorSpec([None], tf.int64, names.QUERY_TIME),
        names.HISTORY_PRODUCT_ID: tf.TensorSpec([None, None], tf.string, names.HISTORY_PRODUCT_ID),
        names.HISTORY_TIME: tf.TensorSpec([None, None], tf.int64, names.HISTORY_TIME),
        names.HISTORY_EVENT_TYPE: tf.TensorSpec([None, None], tf.string, names.HISTORY_EVENT_TYPE),
    }
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
    one = tf.ones([batch, 1], tf.int64)
    unknown = {
        name: _missing(spec, batch) for name, spec in specs.items() if name.startswith(names.USER_PREFIX)
    }
    return unknown | {
        names.USER_ID: tf.fill([batch], ""),
        names.QUERY_TIME: one[:, 0],
        names.HISTORY_PRODUCT_ID: product_id[:, tf.newaxis],
        names.HISTORY_TIME: tf.zeros_like(one),
        names.HISTORY_EVENT_TYPE: tf.fill([batch, 1], names.DEFAULT_EVENT_TYPE),
    }


def raw_request(inputs: Tensors, features: FeatureSet) -> dict[str, tf.SparseTensor]:
    """Dense request tensors, of which empty strings pad, as the transform graph reads raw rows."""
    present = inputs[names.HISTORY_PRODUCT_ID] != ""
    raw = {
        names.USER_ID: _sparse(inputs[names.USER_ID][:, tf.newaxis]),
        names.QUERY_TIME: _sparse(inputs[names.QUERY_TIME][:, tf.newaxis]),
    }
    for name in (names.HISTORY_PRODUCT_ID, names.HISTORY_TIME, names.HISTORY_EVENT_TYPE):
        raw[name] = _sparse(inputs[name], present)
    for name, column in features.user_columns().items():
        raw[name] = _raw_feature(inputs[name], column)
    return raw


def _column_spec(name: str, column: FeatureColumn) -> tf.TensorSpec:
    shape = [None, column.dim] if column.kind is Kind.EMBEDDING else [None]
    number = column.kind in (Kind.NUMBER, Kind.EMBEDDING)
    return tf.TensorSpec(shape, tf.float32 if number else tf.string, name)


def _missing(spec: tf.TensorSpec, batch: tf.Tensor) -> tf.Tensor:
    """The value of an input that a request lacks."""
    shape = tf.concat([[batch], tf.constant(spec.shape[1:].as_list(), tf.int32)], axis=0)
    return tf.fill(shape, "" if spec.dtype == tf.string else float("nan"))


def _sparse(values: tf.Tensor, present: tf.Tensor | None = None) -> tf.SparseTensor:
    """The present values of each row, moved to the front."""
    mask = tf.ones_like(values, tf.bool) if present is None else present
    return tf.ragged.boolean_mask(values, mask).to_sparse()


def _raw_feature(values: tf.Tensor, column: FeatureColumn) -> tf.SparseTensor:
    """Missing numbers are NaN and missing texts empty: they become missing values."""
    if column.kind is Kind.EMBEDDING:
        return _sparse(values, tf.math.is_finite(values))
    wide = values[:, tf.newaxis]
    return _sparse(wide, tf.math.is_finite(wide) if column.kind is Kind.NUMBER else wide != "")
