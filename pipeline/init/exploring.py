"""Reads the catalogue of a database or folder, and runs small queries on it."""

from __future__ import annotations

import datetime
import decimal
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, Final

from pipeline.init import words
from pipeline.init.catalogue import Column, ColumnKind, ForeignKey, Table
from pipeline.init.stamp_guess import ISO, guess_format
from schema.errors import UserError
from schema.source.databases.database import Database
from schema.source.folders.folder import Folder
from schema.source.opening import open_tables

SAMPLE_ROWS: Final = 200
"""Rows of each table that are looked at."""

_MOST_TABLES: Final = 1_500


class Explorer:
    """An open database or folder.

    Args:
        url: As for `--source`.

    Raises:
        UserError: There is no such database, or it cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self._tables: Database | Folder = open_tables(url)
        self._connection: Any = None
        self.label = self._tables.label
        """What messages call it; without a password."""
        self.dialect: str = self._tables.dialect
        """One of `queries.DIALECTS`."""
        self.unreadable: dict[str, str] = {}
        """Tables that may not be read, or cannot -> why."""

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Runs a small query.

        Raises:
            UserError: The database refuses it.
        """
        if isinstance(self._tables, Folder):
            return self._tables.query(sql)
        return self._run(sql)[1]

    def try_fetch(self, sql: str) -> list[tuple[Any, ...]] | None:
        """Runs a small query that may not fit the types of the columns; None if it does not."""
        try:
            return self.fetch(sql)
        except UserError:
            return None

    def quote(self, name: str) -> str:
        """Quotes the name of a table or column where SQL would misread it."""
        if (
            name.isidentifier()
            and name.lower() not in words.of("reserved")
            and not (self._folds and name != name.lower())
        ):
            return name
        if isinstance(self._tables, Folder):
            return '"' + name.replace('"', '""') + '"'
        return self._tables.speaker.quote(name)

    def tables(self) -> list[Table]:
        """Returns all tables, or the views of a database that has no tables."""
        return self._of_folder(self._tables) if isinstance(self._tables, Folder) else self._of_database()

    def close(self) -> None:
        """Gives back connections."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._tables.close()

    @property
    def _folds(self) -> bool:
        """Whether names that are not quoted lose their capitals."""
        return self.dialect == "postgresql"

    def _of_folder(self, folder: Folder) -> list[Table]:
        return [self._table(name, (), ()) for name in folder.names()]

    def _of_database(self) -> list[Table]:
        from sqlalchemy import inspect
        from sqlalchemy.engine.reflection import ObjectKind
        from sqlalchemy.exc import SQLAlchemyError

        engine = self._tables.speaker.engine  # type: ignore[union-attr]
        self._tables.names()  # says clearly if the server cannot be reached
        try:
            inspector = inspect(engine)
            kind = ObjectKind.TABLE if inspector.get_table_names() else ObjectKind.ANY
            keys = inspector.get_multi_pk_constraint(kind=kind)
            references = inspector.get_multi_foreign_keys(kind=kind)
            described = inspector.get_multi_columns(kind=kind)
            schemas = [] if keys else self._other_schemas(inspector)
        except SQLAlchemyError as error:
            raise UserError(f"{self.label} does not tell its tables: {error}.") from error
        if schemas:
            raise UserError(
                f"{self.label} has no tables in its default schema. Received: tables in the schemas "
                f"{', '.join(f'`{name}`' for name in schemas)}. Remedy: add "
                f"?options=-csearch_path%3D{schemas[0]} to the URL."
            )
        found = []
        for name in sorted(keys, key=lambda item: item[1])[:_MOST_TABLES]:
            primary = tuple((keys[name] or {}).get("constrained_columns") or ())
            declared = [_foreign_key(item) for item in references.get(name) or ()]
            filled = {str(item["name"]) for item in described.get(name) or () if not item["nullable"]}
            found.append(self._table(name[1], primary, [key for key in declared if key is not None], filled))
        return found

    def _other_schemas(self, inspector: Any) -> list[str]:
        """Schemas of a PostgreSQL server that have tables, where the default one has none."""
        if self.dialect != "postgresql":
            return []
        names = (name for name in inspector.get_schema_names() if name != "information_schema")
        return [name for name in names if inspector.get_table_names(name)]

    def _table(
        self, name: str, key: tuple[str, ...], references: Sequence[ForeignKey], filled: Collection[str] = ()
    ) -> Table:
        try:
            columns, sampled = self._sample(f"SELECT * FROM {self.quote(name)} LIMIT {SAMPLE_ROWS}")
        except UserError as error:
            self.unreadable[name] = str(error)
            return Table(name, ())
        values = list(zip(*sampled, strict=True)) or [() for _ in columns]
        described = [
            _column(column, found, column in filled or column in key)
            for column, found in zip(columns, values, strict=True)
        ]
        return Table(name, tuple(described), key, tuple(references), len(sampled))

    def _sample(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        if isinstance(self._tables, Folder):
            names = [str(row[0]) for row in self.fetch(f"DESCRIBE {sql}")]
            return names, self.fetch(sql)
        return self._run(sql)

    def _run(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Runs a query of a database, on the one connection that stays open."""
        speaker = self._tables.speaker  # type: ignore[union-attr]
        try:
            if self._connection is None:
                connection = speaker.engine.connect()
                self._connection = connection.execution_options(no_parameters=True)
            result = self._connection.exec_driver_sql(sql)
            return list(result.keys()), [tuple(row) for row in result]
        except speaker.errors() as error:
            if self._connection is not None:
                self._connection.rollback()
            reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
            raise UserError(f"{self.label} cannot answer: {reason}. Received: {sql[:300]}") from error


def _foreign_key(item: Any) -> ForeignKey | None:
    if len(item["constrained_columns"]) != 1 or item.get("referred_schema"):
        return None
    referred = item["referred_columns"][0] if item["referred_columns"] else ""
    return ForeignKey(item["constrained_columns"][0], item["referred_table"], referred)


def _column(name: str, found: Sequence[Any], never_null: bool) -> Column:
    values = tuple(value for value in found if value is not None and value != "")
    kind = _kind(values)
    stamp_format = (
        guess_format([value for value in values if isinstance(value, str)]) if kind == "text" else None
    )
    if stamp_format is not None:
        kind = "stamp"
    written = None if stamp_format == ISO else stamp_format
    return Column(name, kind, values, len(found) - len(values), written, never_null)


def _kind(values: Sequence[Any]) -> ColumnKind:
    if not values:
        return "empty"
    kinds = Counter(_kind_of(value) for value in values)
    if set(kinds) == {"integer", "real"}:
        return "real"
    return kinds.most_common(1)[0][0] if len(kinds) == 1 else "text" if "text" in kinds else "other"


def _kind_of(value: Any) -> ColumnKind:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float | decimal.Decimal):
        return "real"
    if isinstance(value, datetime.date):
        return "stamp"
    if isinstance(value, bytes | bytearray | memoryview):
        return "binary"
    return "text" if isinstance(value, str) else "other"
