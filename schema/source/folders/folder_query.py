"""Queries over the files of a folder, by DuckDB within the process; nothing is loaded from anywhere."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from schema.errors import UserError
from schema.source.folders.files import Part

_BATCH_ROWS: Final = 65_536
_CONFIG: Final = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "threads": "1",
}
"""Offline, and by one thread, so that the order of the rows is the same in every run."""


class FolderQuery:
    """Runs the configured query of one table.

    Parquet files are read where they lie; CSV files, and files in folders of partitions, are read whole
    first, by the reader of folders, so that a query sees what `table` would give: every column as text.

    Args:
        query: One `SELECT`; every file, or folder of parts, is a table by its name.
        key: Configuration key of the query, for messages.
        files: Table -> its files.
        read_rows: Gives the rows of files as text.
    """

    def __init__(
        self,
        query: str,
        key: str,
        files: Mapping[str, Sequence[Part]],
        read_rows: Callable[[Sequence[Part]], pa.RecordBatchReader],
    ) -> None:
        self._query, self._key, self._files, self._read_rows = query, key, files, read_rows
        self._connection: Any = None
        self._added: set[str] = set()

    def columns(self) -> list[str]:
        """Returns the columns that the query gives."""
        return [str(row[0]) for row in self._run(f"DESCRIBE {self._query}").fetchall()]

    def read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Runs the query and yields the given columns of its rows."""
        import duckdb

        listing = ", ".join(_quoted(name) for name in columns)
        try:
            yield from self._run(f"SELECT {listing} FROM ({self._query}\n)").to_arrow_reader(_BATCH_ROWS)
        except duckdb.Error as error:
            raise self._error(error) from error

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Runs another query on the same files and returns its rows."""
        rows: list[tuple[Any, ...]] = self._run(sql).fetchall()
        return rows

    def close(self) -> None:
        """Gives the memory back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._added.clear()

    def _run(self, sql: str) -> Any:
        import duckdb

        try:
            return self._opened(sql).sql(sql)
        except duckdb.Error as error:
            raise self._error(error) from error

    def _opened(self, sql: str) -> Any:
        import duckdb

        if self._connection is None:
            self._connection = duckdb.connect(":memory:", config=dict(_CONFIG))
            self._connection.execute(f"SET temp_directory = {_literal(tempfile.gettempdir())}")
        for name, files in self._files.items():
            if name not in self._added and name.lower() in sql.lower():
                self._add(self._connection, name, files)
                self._added.add(name)
        return self._connection

    def _add(self, connection: Any, name: str, files: Sequence[Part]) -> None:
        if files[0].is_parquet and not any(part.partition for part in files):
            listing = ", ".join(_literal(str(part.path)) for part in files)
            read = f"read_parquet([{listing}], union_by_name = true)"
            connection.execute(f"CREATE VIEW {_quoted(name)} AS SELECT * FROM {read}")
            return
        connection.register("towerline_csv", self._read_rows(files))
        connection.execute(f"CREATE TABLE {_quoted(name)} AS SELECT * FROM towerline_csv")
        connection.unregister("towerline_csv")

    def _error(self, error: Exception) -> UserError:
        reason = str(error).strip().splitlines()[0]
        return UserError(
            f"The query of `{self._key}` cannot be run on the files: {reason.rstrip('.')}. Received: tables "
            f"{', '.join(f'`{name}`' for name in self._files) or 'none'}. Remedy: correct it; columns of CSV "
            "files are text, CAST them where they are compared with numbers."
        )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
