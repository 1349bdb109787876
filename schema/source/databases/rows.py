"""The reading path that works with every SQLAlchemy driver: rows of Python values to Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyarrow as pa

from schema.errors import UserError
from schema.source.ids import bytes_text

BATCH_ROWS: Final = 50_000
_LONGEST_SHOWN: Final = 40


def row_batches(engine: Any, sql: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Runs a query and yields its rows in batches of the given types."""
    with engine.connect() as connection:
        options = {"stream_results": True, "yield_per": BATCH_ROWS, "no_parameters": True}
        result = connection.execution_options(**options).exec_driver_sql(sql)
        for rows in result.partitions(BATCH_ROWS):
            yield record_batch(rows, schema)


def fetch(engine: Any, sql: str) -> list[tuple[Any, ...]]:
    """Runs a small query and returns its rows."""
    with engine.connect() as connection:
        result = connection.execution_options(no_parameters=True).exec_driver_sql(sql)
        return [tuple(row) for row in result]


def describe(engine: Any, sql: str) -> list[tuple[str, Any]]:
    """Runs a query that returns no rows; gives name and the driver's type code of each column."""
    with engine.connect() as connection:
        result = connection.execution_options(no_parameters=True).exec_driver_sql(sql)
        return [(str(column[0]), column[1]) for column in result.cursor.description]


def record_batch(rows: Sequence[Any], schema: pa.Schema) -> pa.RecordBatch:
    """Turns rows into a record batch; integers beyond 64 bits become floats."""
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [() for _ in schema]
    arrays = [_array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.record_batch(arrays, names=schema.names)


def check_texts(batch: pa.RecordBatch, table: str) -> None:
    """Raises UserError where a text is no UTF-8.

    Args:
        batch: Rows that may hold any bytes as text.
        table: For the message.
    """
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            values = column.cast(pa.binary(), safe=False).to_pylist()
            shown = next((value for value in values if value and not _is_utf_8(value)), b"")
            raise UserError(
                f"Table `{table}`, column `{name}`: a text is no UTF-8. Received: "
                f"{shown[:_LONGEST_SHOWN]!r}. Remedy: correct the text, or store it as a BLOB."
            ) from error


def _is_utf_8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(_converted(values, kind), kind)
    except OverflowError:
        return pa.array(_converted(values, pa.float64()), pa.float64())


def _converted(values: Sequence[Any], kind: pa.DataType) -> Sequence[Any]:
    if pa.types.is_string(kind):
        return [value if value is None or isinstance(value, str) else _text(value) for value in values]
    if pa.types.is_binary(kind):
        return [None if value is None else _bytes(value) for value in values]
    if pa.types.is_floating(kind):
        return [None if value is None else float(value) for value in values]
    return [None if value is None else _integer(value) for value in values]


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes_text(bytes(value))
    if not isinstance(value, int) and hasattr(value, "__float__") and value == int(value):
        return str(int(value))
    return str(value)


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _integer(value: Any) -> int:
    return int.from_bytes(value) if isinstance(value, bytes) else int(value)
