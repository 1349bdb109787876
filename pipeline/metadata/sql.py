"""Reads the tables of ML Metadata by SQL: SQLite, PostgreSQL, MySQL and MariaDB by the same statements.

Only for those who look on; whoever writes goes through ml_metadata. Why: docs/adr/0023-metadata-by-sql.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from pipeline.metadata.location import PASSWORD_VARIABLE, is_server
from schema.errors import UserError
from schema.source import restore_password

KNOWN_VERSION: Final = 10
"""Version of the tables that this release of ml_metadata writes."""

STAND_IN: Final = "\ue05c"
"""What stands for a backslash on PostgreSQL (pipeline/metadata/connection.py)."""

_AT_ONCE: Final = 900  # values in one statement; old releases of SQLite take 999
_SECONDS: Final = 30  # to wait for a writer, or for a server to answer

Row = tuple[Any, ...]


class Tables:
    """An open store. Each statement is a transaction of its own, so that no writer waits longer than for one.

    Args:
        location: Path of a SQLite file, or URL of a server whose password is in the environment.

    Raises:
        UserError: It cannot be reached, is no database, or holds no ML Metadata.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        try:
            self._connection, self._errors = _connect(location)
        except UserError:
            raise
        except Exception as error:  # each driver has its own
            raise unreadable(location, error) from error
        self._is_sqlite = not is_server(location)
        self._mends = location.startswith("postgres")
        self.version = self._version()

    def rows(self, statement: str, *values: Any) -> list[Row]:
        """Rows of a statement with `?` for each value.

        Raises:
            UserError: The database refuses, or is damaged.
        """
        try:
            cursor = self._connection.cursor()
            try:
                cursor.execute(statement if self._is_sqlite else statement.replace("?", "%s"), values)
                found = cursor.fetchall()
            finally:
                cursor.close()
        except self._errors as error:
            raise unreadable(self.location, error) from error
        return [self._mended(row) for row in found] if self._mends else list(found)

    def rows_of(self, statement: str, ids: Sequence[int], *values: Any) -> Iterator[Row]:
        """Rows of a statement with `{}` for a list of ids, asked in parts; `values` come after the ids."""
        for start in range(0, len(ids), _AT_ONCE):
            part = ids[start : start + _AT_ONCE]
            yield from self.rows(statement.format(", ".join("?" * len(part))), *part, *values)

    def _version(self) -> int:
        try:
            found = self.rows("SELECT schema_version FROM MLMDEnv")
        except UserError as error:
            if "MLMDEnv" in str(error) or "mlmdenv" in str(error):
                return 0  # a database without ML Metadata, or not yet with it
            raise
        return int(found[0][0]) if found else 0

    @staticmethod
    def _mended(row: Row) -> Row:
        return tuple(
            value.replace(STAND_IN, "\\") if isinstance(value, str) and STAND_IN in value else value
            for value in row
        )


def unreadable(location: str, error: Exception) -> UserError:
    """The one line about a store that cannot be read."""
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return UserError(
        f"ML Metadata cannot be read. Received: {location} ({reason:.200}). Remedy: name the store of a work "
        "directory of this release, restore the file from a copy, or see that the server answers."
    )


def _connect(location: str) -> tuple[Any, Any]:
    """An open connection that cannot write, and the errors that it raises."""
    if not is_server(location):
        import sqlite3

        return _open_file(location), sqlite3.Error
    parts = urlsplit(restore_password(location, os.environ.get(PASSWORD_VARIABLE)))
    access: dict[str, Any] = {
        "host": parts.hostname,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "connect_timeout": _SECONDS,
    }
    name = unquote(parts.path.strip("/"))
    if location.startswith("postgres"):
        import psycopg

        read_only = "-c default_transaction_read_only=on"
        connection: Any = psycopg.connect(
            **access, port=parts.port or 5432, dbname=name, autocommit=True, options=read_only
        )
        return connection, psycopg.Error
    import pymysql

    return (
        pymysql.connect(
            **access,
            port=parts.port or 3306,
            database=name,
            charset="utf8mb4",
            autocommit=True,
            init_command="SET SESSION TRANSACTION READ ONLY",
        ),
        pymysql.Error,
    )


def _open_file(location: str) -> Any:
    """Opens a file that statements cannot change.

    Not by `mode=ro`: SQLite takes the journal of a writer that is just done for that of one that was killed,
    and without write access it can neither put it right nor look again. Where the file itself may not be
    written, SQLite does with reading.
    """
    import sqlite3

    address = f"file:{quote(location)}?mode=rw"
    connection = sqlite3.connect(address, uri=True, timeout=_SECONDS, isolation_level=None)
    connection.execute("PRAGMA query_only = ON")
    return connection
