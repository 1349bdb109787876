"""Reads raw Examples splits into Arrow, and their rows into queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.evaluation.lists import BoolArray, IntArray
from schema import names
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.fields import HISTORY, RAW
from schema.served.request import Query

_RECORDS_AT_ONCE = 2048


def read_split(examples_uri: str, split: str) -> pa.Table:
    """Decodes one split of a raw Examples artifact; every column is a list, null where it is absent."""
    directory = Path(examples_uri) / f"Split-{split}"
    if not _files(directory):
        raise ValueError(
            "A split of an Examples artifact holds TFRecord files. "
            f"Received: {str(directory)!r} without any. Remedy: run ProductExampleGen again."
        )
    return _joined(read_batches(directory))


def read_columns(examples_uri: str, split: str, kinds: Mapping[str, str]) -> pa.Table:
    """Decodes some columns of a split, and nothing of the others.

    Args:
        examples_uri: A raw Examples artifact.
        split: Name of the split.
        kinds: Column -> `BYTES`, `INT` or `FLOAT`.
    """
    return _joined(read_batches(Path(examples_uri) / f"Split-{split}", kinds))


def read_batches(directory: str | Path, kinds: Mapping[str, str] | None = None) -> Iterator[pa.RecordBatch]:
    """Decodes a folder of TFRecords of `tf.Example`, some thousand rows at a time.

    Args:
        directory: Of a split.
        kinds: Columns that are decoded, as of `read_columns`; all if None.
    """
    # The decoder is compiled code without types; importing it here keeps this module light.
    from tensorflow_metadata.proto.v0 import schema_pb2
    from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

    wanted = schema_pb2.Schema()
    for name, kind in (kinds or {}).items():
        wanted.feature.add(name=name, type=schema_pb2.FeatureType.Value(kind))
    decoder = ExamplesToRecordBatchDecoder(*([] if kinds is None else [wanted.SerializeToString()]))
    for records in _records(_files(directory)):
        yield decoder.DecodeBatch(records)


def _files(directory: str | Path) -> list[str]:
    return sorted(str(path) for path in Path(directory).glob("[!._]*"))


def _joined(batches: Iterator[pa.RecordBatch]) -> pa.Table:
    tables = [pa.Table.from_batches([batch]) for batch in batches]
    return pa.concat_tables(tables, promote_options="permissive") if tables else pa.table({})


def _records(paths: list[str]) -> Iterator[list[bytes]]:
    import tensorflow as tf

    for path in paths:
        compression = "GZIP" if path.endswith(".gz") else ""
        dataset = tf.data.TFRecordDataset(path, compression_type=compression)
        for batch in dataset.batch(_RECORDS_AT_ONCE).as_numpy_iterator():
            yield list(batch)


def first_values(table: pa.Table, column: str) -> pa.ChunkedArray:
    """The single value of each row; null where the row lacks it."""
    values = _column(table, column)
    if pa.types.is_null(values.type):
        return values
    return pc.list_element(pc.if_else(pc.greater(pc.list_value_length(values), 0), values, None), 0)


def texts(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Bytes as text."""
    return values.cast(pa.large_binary()).cast(pa.string())


def row_members(table: pa.Table, column: str) -> list[tuple[str, ...]]:
    """The members of a set or path of each row, () where it has none."""
    rows, values = flat_texts(table, column)
    ends = np.cumsum(np.bincount(rows, minlength=len(table)))
    found = values.to_pylist()
    return [tuple(found[begin:end]) for begin, end in zip([0, *ends[:-1]], ends, strict=True)]


def flat_texts(table: pa.Table, column: str) -> tuple[IntArray, pa.ChunkedArray]:
    """All values of a list column as `(row of each value, values)`."""
    values = _column(table, column)
    if pa.types.is_null(values.type):
        return np.zeros(0, np.int64), pa.chunked_array([pa.array([], pa.string())])
    lengths = pc.fill_null(pc.list_value_length(values), 0).to_numpy()
    return np.repeat(np.arange(len(table)), lengths), texts(pc.list_flatten(values))


def catalogue(table: pa.Table) -> tuple[pa.Array, BoolArray]:
    """Product ids of a catalog split, and which of them are available."""
    ids = texts(first_values(table, names.PRODUCT_ID)).combine_chunks()
    available = first_values(table, names.AVAILABLE)
    if pa.types.is_null(available.type):
        return ids, np.ones(len(ids), np.bool_)
    return ids, pc.fill_null(pc.not_equal(available, 0), True).to_numpy().astype(np.bool_)


def queries(table: pa.Table, features: FeatureSet) -> list[Query]:
    """The rows of a query split as the requests that a client would send."""
    used = {column.name: (raw, column) for raw, column in features.user_columns().items()}
    wanted = [names.USER_ID, names.QUERY_TIME, *RAW, *(raw for raw, _ in used.values())]
    columns = {name: _column(table, name).to_pylist() for name in wanted}
    return [
        Query(
            user_id=columns[names.USER_ID][row][0].decode(),
            query_time=columns[names.QUERY_TIME][row][0],
            features={name: _value(columns[raw][row], column) for name, (raw, column) in used.items()},
            **{
                field.of_query: [
                    value.decode() if field.is_text else value for value in columns[field.raw][row] or ()
                ]
                for field in HISTORY
            },
        )
        for row in range(len(table))
    ]


def _value(values: list[Any] | None, column: FeatureColumn) -> Any:
    if not values:
        return None
    if column.kind is Kind.EMBEDDING:
        return values
    if column.has_members:
        return [value.decode() for value in values]
    return values[0].decode() if isinstance(values[0], bytes) else values[0]


def _column(table: pa.Table, name: str) -> pa.ChunkedArray:
    return table[name] if name in table.column_names else pa.chunked_array([pa.nulls(len(table))])
