"""Feature columns of `users` and `products` as raw features: lists of one value, null where missing.

Those of sets and paths are the lists of their members.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.product_example_gen.ragged import list_array, optional_array
from schema.errors import UserError
from schema.features import FeatureColumn, Kind
from schema.values.members import members
from schema.values.value_text import value_text

_MEMBERS: Final = pa.large_list(pa.binary())


def feature_arrays(
    rows: pa.Table, columns: Mapping[str, FeatureColumn], table: str
) -> dict[str, pa.LargeListArray]:
    """Returns raw feature -> values, aligned with `rows`.

    Args:
        rows: Rows of a table of the contract.
        columns: Raw feature -> its column.
        table: Name of the table, for messages.

    Raises:
        UserError: A column is gone, or its values are not of the kind it is used as.
    """
    arrays = {}
    for name, column in columns.items():
        if column.name not in rows.column_names:
            raise UserError(
                f"Table `{table}` has no column `{column.name}`, which the frozen schema uses. Received: "
                f"{rows.column_names}. Remedy: restore the column, or freeze the schema again with "
                "`towerline schema freeze --force`."
            )
        arrays[name] = _feature_array(_one_piece(rows[column.name]), column, table)
    return arrays


def _feature_array(values: pa.Array, column: FeatureColumn, table: str) -> pa.LargeListArray:
    if column.kind is Kind.NUMBER:
        return optional_array(_numbers(values, column, table))
    if column.kind is Kind.EMBEDDING:
        return _embeddings(values, column, table)
    if column.has_members:
        return _members(values, column)
    return optional_array(_texts(values))


def _members(values: pa.Array, column: FeatureColumn) -> pa.LargeListArray:
    """Members of each row; null where there is none."""
    if pa.types.is_list(values.type):  # Arrow tells no distinct values of lists
        found = [members(value, column) or None for value in values.to_pylist()]
        return pa.array(found, _MEMBERS)
    encoded = values.dictionary_encode()
    distinct = [members(value, column) or None for value in encoded.dictionary.to_pylist()]
    return pa.array(distinct, _MEMBERS).take(encoded.indices)


def _one_piece(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _texts(values: pa.Array) -> pa.Array:
    if pa.types.is_list(values.type):
        values = pa.array([value and value_text(value) for value in values.to_pylist()], pa.string())
    if not pa.types.is_string(values.type):
        encoded = values.dictionary_encode()
        distinct = pa.array([value_text(value) for value in encoded.dictionary.to_pylist()], pa.string())
        values = distinct.take(encoded.indices)
    return values.cast(pa.binary())


def _numbers(values: pa.Array, column: FeatureColumn, table: str) -> pa.Array:
    try:
        numbers = values.cast(pa.float64()).cast(pa.float32(), safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UserError(
            f"Table `{table}`, column `{column.name}` is used as a number and holds something else. "
            f"Received: {error}. Remedy: correct the rows, or set `features.{table}.{column.name}: category`."
        ) from error
    return pc.if_else(pc.is_finite(numbers), numbers, pa.scalar(None, pa.float32()))


def _embeddings(values: pa.Array, column: FeatureColumn, table: str) -> pa.LargeListArray:
    if not pa.types.is_list(values.type) or not pc.all(_has_length(values, column.dim)).as_py():
        if values.null_count == len(values):
            return pa.nulls(len(values), pa.large_list(pa.float32()))
        raise UserError(
            f"Table `{table}`, column `{column.name}` is used as an embedding of {column.dim} numbers, and a "
            f"row holds something else. Remedy: correct the rows, or set `features.{table}.{column.name}: "
            "ignore`."
        )
    present = np.asarray(values.is_valid().to_numpy(zero_copy_only=False), np.int64)
    offsets = np.concatenate([[0], np.cumsum(present * column.dim)])
    dense = list_array(values.drop_null().flatten().cast(pa.float32()), offsets)
    return pa.LargeListArray.from_arrays(dense.offsets, dense.values, mask=values.is_null())


def _has_length(values: pa.Array, dim: int) -> pa.Array:
    return pc.or_(pc.equal(pc.list_value_length(values), dim).fill_null(True), values.is_null())
