"""Few rows of a SQLite file, many times: one open connection, whose statements stay prepared."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

_NAME: Final = "sha256"


class PreparedRows:
    """Reads rows of a file that may be replaced by another meanwhile.

    Args:
        path: The file.
        uri: How SQLite opens it.
    """

    def __init__(self, path: Path, uri: str) -> None:
        self._path, self._uri = path, uri
        self._connection: Any = None
        self._opened: tuple[int, int] | None = None

    def read(self, sql: str, bound: Sequence[Any], columns: Sequence[str]) -> pa.RecordBatch | None:
        """Runs a statement; None if a column mixes types in a way that SQLite itself must convert.

        Args:
            sql: With a `?` for each value.
            bound: The values.
            columns: Names of what it selects.

        Raises:
            sqlite3.Error: The file is away or cannot be read.
        """
        rows = self.rows(sql, bound)
        found = list(zip(*rows, strict=True)) or [() for _ in columns]
        arrays = [_array(values) for values in found]
        if any(array is None for array in arrays):
            return None
        return pa.record_batch(arrays, names=list(columns))

    def rows(self, sql: str, bound: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Runs a statement; its rows as the driver gives them.

        Raises:
            sqlite3.Error: The file is away or cannot be read.
        """
        found: list[tuple[Any, ...]] = self._connected().execute(sql, bound).fetchall()
        return found

    def close(self) -> None:
        """Closes the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> Any:
        found = _identity(self._path)
        if self._connection is None or found != self._opened:
            self.close()
            self._connection = connected(self._uri)
            self._opened = found
        return self._connection


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file stands at a path; an open connection would go on reading one that was taken away."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _array(values: Sequence[Any]) -> pa.Array | None:
    """One type for all values of a column, as the classes of the dialect have it."""
    kinds = {type(value) for value in values} - {type(None)}
    if kinds <= {str}:
        return pa.array(values, pa.string())
    if kinds == {bytes}:
        return pa.array(values, pa.binary())
    if kinds == {int}:
        return pa.array(values, pa.int64())
    if kinds <= {int, float}:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return None


def connected(uri: str) -> Any:
    """Returns a connection to a file that knows the function, of Python's own driver."""
    import sqlite3

    connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
    connection.create_function(_NAME, 1, _sha256, deterministic=True)
    return connection


def needs_functions(sql: str) -> bool:
    """Whether a statement uses it: then Python's own driver must run it."""
    return f"{_NAME}(" in sql.lower()


def _sha256(value: Any) -> str | None:
    """Hexadecimal digits of the hash of a value's text, as DuckDB and MySQL give them; NULL of NULL."""
    if value is None:
        return None
    return hashlib.sha256(value if isinstance(value, bytes) else str(value).encode()).hexdigest()
