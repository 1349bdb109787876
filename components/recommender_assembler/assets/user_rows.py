"""The features of users as the Examples have them, the newest row of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf

from schema import names
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.tensors.transformed import read_rows

_ROWS_AT_ONCE = 4096


def read_user_rows(examples_uri: str, features: FeatureSet) -> pa.Table:
    """Reads `user_id` and the columns `user__<name>` of all query splits.

    Args:
        examples_uri: A raw Examples artifact.
        features: Feature columns; without any of users nothing is read.

    Returns:
        One row for each user: texts, float32 numbers, lists of float32 or of texts; null where a value is
        missing.
    """
    columns = features.user_columns()
    newest: dict[bytes, dict[str, Any]] = {}
    if columns:
        spec = {names.USER_ID: tf.io.FixedLenFeature([], tf.string, "")}
        spec |= {name: tf.io.VarLenFeature(_dtype(column)) for name, column in columns.items()}
        for split in names.QUERY_SPLITS:  # in the order of time, so that later rows take over
            patterns = [str(Path(examples_uri) / f"Split-{split}" / "*")]
            for batch in read_rows(patterns, spec, _ROWS_AT_ONCE):
                values = {name: _values(batch[name], column) for name, column in columns.items()}
                for row, user in enumerate(batch[names.USER_ID].numpy()):
                    newest[user] = {name: values[name][row] for name in columns}
    schema = [(names.USER_ID, pa.string()), *((name, _type(column)) for name, column in columns.items())]
    rows = [{names.USER_ID: user.decode(), **row} for user, row in newest.items()]
    return pa.Table.from_pylist(rows, schema=pa.schema(schema))


def _values(sparse: tf.SparseTensor, column: FeatureColumn) -> list[Any]:
    """One value a row, or the members of a set or path; None where it is missing."""
    ragged = tf.RaggedTensor.from_sparse(sparse)
    found = np.split(ragged.values.numpy(), ragged.row_splits.numpy()[1:-1])
    if column.kind is Kind.EMBEDDING:
        return [row.tolist() if len(row) == column.dim else None for row in found]
    if column.kind is Kind.NUMBER:
        return [float(row[0]) if len(row) else None for row in found]
    if column.has_members:
        return [[member.decode() for member in row] or None for row in found]
    return [row[0].decode() if len(row) else None for row in found]


def _dtype(column: FeatureColumn) -> tf.DType:
    return tf.float32 if column.kind in (Kind.NUMBER, Kind.EMBEDDING) else tf.string


def _type(column: FeatureColumn) -> pa.DataType:
    kinds = {Kind.NUMBER: pa.float32(), Kind.EMBEDDING: pa.large_list(pa.float32())}
    return pa.large_list(pa.string()) if column.has_members else kinds.get(column.kind, pa.string())
