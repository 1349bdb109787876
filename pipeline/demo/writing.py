"""Writes a demo database under a temporary name and puts it in place when it is whole."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pyarrow as pa

from schema.errors import UserError
from schema.files import whole_file

Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, rows so far, and rows in all if known."""

_CHUNK: Final = 50_000
_SQL_TYPES: Final = {pa.int64(): "INTEGER", pa.float64(): "REAL", pa.string(): "TEXT"}


@dataclass(frozen=True)
class DemoSummary:
    """What was written.

    Attributes:
        path: The database.
        rows: Table -> rows.
        dropped: What was left out -> rows.
        notice: Under which terms the data may be used.
    """

    path: Path
    rows: Mapping[str, int]
    dropped: Mapping[str, int] = field(default_factory=dict)
    notice: str = ""


def package_file(package: str, path: str, remedy: str) -> Path:
    """Finds a file of an installed package without importing the package.

    Raises:
        UserError: The package or the file is not there.
    """
    spec = find_spec(package)
    folder = next(iter(spec.submodule_search_locations or ()), None) if spec else None
    if folder is None or not Path(folder, path).is_file():
        raise UserError(f"The data package `{package}` is not installed or lacks `{path}`. Remedy: {remedy}.")
    return Path(folder, path)


def write_database(output: Path, tables: Mapping[str, pa.Table], progress: Progress) -> dict[str, int]:
    """Writes tables of int64, float64 and string columns as a SQLite product database.

    `users` and `products` get their id as primary key, `events` indices on `user_id` and `occurred_at`.

    Returns:
        Table -> rows.

    Raises:
        UserError: The output cannot be written.
    """
    try:
        with _replacing(output) as path, contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            for name, table in tables.items():
                _write_table(connection, name, table, progress)
            for column in ("user_id", "occurred_at"):
                connection.execute(f"CREATE INDEX events_{column} ON events ({column})")
            connection.execute("ANALYZE")
            connection.commit()
    except (OSError, sqlite3.Error) as error:
        raise UserError(f"The demo database cannot be written: {error}. Received: {output}.") from error
    return {name: table.num_rows for name, table in tables.items()}


@contextlib.contextmanager
def _replacing(output: Path) -> Iterator[Path]:
    if output.is_dir():
        raise UserError(f"The output is a folder. Received: {output}. Remedy: name a file, such as shop.db.")
    with whole_file(output) as temporary:
        yield temporary


def _write_table(connection: sqlite3.Connection, name: str, table: pa.Table, progress: Progress) -> None:
    key = {"users": "user_id", "products": "product_id"}.get(name)
    columns = ", ".join(
        f"{column.name} {_SQL_TYPES[column.type]}{' PRIMARY KEY' if column.name == key else ''}"
        for column in table.schema
    )
    connection.execute(f"CREATE TABLE {name} ({columns})")
    statement = f"INSERT INTO {name} VALUES ({', '.join('?' * table.num_columns)})"
    progress(name, 0, table.num_rows)
    for start in range(0, table.num_rows, _CHUNK):
        chunk = table.slice(start, _CHUNK)
        connection.executemany(statement, zip(*(column.to_pylist() for column in chunk.columns), strict=True))
        progress(name, start + chunk.num_rows, table.num_rows)
