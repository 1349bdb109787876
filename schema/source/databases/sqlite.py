"""SQLite: every value has a type of its own, and the driver must be told what to expect."""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pyarrow as pa

from schema.errors import UserError
from schema.source.contract import Class
from schema.source.databases import rows
from schema.source.databases.dialect import Dialect, Selected, is_id, until_number
from schema.source.databases.sqlite_rows import PreparedRows, connected, needs_functions
from schema.source.ids import is_integer_text
from schema.source.relations import Relation

_HEX: Final = re.compile(r"(?:[0-9a-f]{2})+")
_ROW: Final = "towerline_row"
_FIRST: Final = "-9223372036854775807"
_SENTINELS: Final = {pa.int64(): "0", pa.float64(): "0.5", pa.string(): "''", pa.binary(): "X''"}
_STORAGE: Final = ("integer", "real", "text", "blob")
_COLUMNS_PER_QUERY: Final = 400
"""SQLite gives at most 2,000 columns."""
_BUSY_MILLISECONDS: Final = 5_000
"""For so long a reader waits for a writer, as Python's own driver does."""
_ARROW_BATCH_ROWS: Final = 65_536
_HEADER: Final = b"SQLite format 3\x00"


def sqlite_dialect(path: Path, arrow_native: bool) -> SqliteDialect:
    """Opens a SQLite file for reading; never creates one.

    Raises:
        UserError: There is no such file, or it is no SQLite database.
    """
    if not path.is_file():
        raise UserError(f"No such database file. Received: {path}. Remedy: check the path in `--source`.")
    try:
        with path.open("rb") as file:
            header = file.read(len(_HEADER))
    except OSError as error:
        raise UserError(f"The database file cannot be read: {error.strerror}. Received: {path}.") from error
    if header not in (_HEADER, b""):
        raise UserError(f"The file is no SQLite database. Received: {path}. Remedy: check `--source`.")
    return SqliteDialect(path, arrow_native)


class SqliteDialect(Dialect):
    """Reads a SQLite file, opened read-only.

    The Arrow-native driver takes the type of a column from the first rows it sees. A typed row of our
    own goes first, and casts make all others follow it; it is taken away again after reading.

    Args:
        path: The database file.
        arrow_native: Whether ADBC may be used.
    """

    name = "sqlite"
    checks_texts = False

    def __init__(self, path: Path, arrow_native: bool) -> None:
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        self._uri = f"file:{quote(str(path.resolve()))}?mode=ro"
        self._arrow_native = arrow_native
        self._connection: Any = None
        self._prepared = PreparedRows(path, self._uri)
        engine = create_engine("sqlite://", creator=lambda: connected(self._uri), poolclass=NullPool)
        super().__init__(engine, str(path))
        self._order = lru_cache(maxsize=None)(self._find_order)
        self._few_sql = lru_cache(maxsize=64)(self._make_few_sql)

    def classes(self, relation: Relation, where: str) -> dict[str, Class]:
        """Looks at every value, as a declared type promises nothing."""
        found = rows.describe(self.engine, f"SELECT * FROM {self.source(relation)} LIMIT 0")
        columns = [name for name, _ in found]
        classes: dict[str, Class] = {}
        for start in range(0, len(columns), _COLUMNS_PER_QUERY):
            some = columns[start : start + _COLUMNS_PER_QUERY]
            counts = ", ".join(
                f"max(typeof({self.quote(name)}) = '{kind}')" for name in some for kind in _STORAGE
            )
            flags = iter(rows.fetch(self.engine, f"SELECT {counts} FROM {self.source(relation)}{where}")[0])
            classes |= {name: _class(*itertools.islice(flags, len(_STORAGE))) for name in some}
        return classes

    def select(self, column: str, source: str, kind: Class) -> Selected:
        """Casts where a column mixes types."""
        name = self.quote(source)
        if kind == "blob":
            return Selected(column, f"CAST({_as_text(name)} AS BLOB)", pa.binary())
        if is_id(column):
            return Selected(column, _as_text(name), pa.string())
        if kind == "integer":
            return Selected(column, name, pa.int64())
        if kind == "real":
            return Selected(column, f"CAST({name} AS REAL)", pa.float64())
        return Selected(column, _as_text(name), pa.string())

    def key_text(self, relation: Relation) -> str:
        """Writes whole numbers without a fraction."""
        return _as_text(self.quote(relation.key))

    def mixed(self, relation: Relation) -> bool:
        """Looks at every user id."""
        sql = f"SELECT DISTINCT typeof({self.quote(relation.key)}) FROM {self.source(relation)}"
        kinds = {row[0] for row in rows.fetch(self.engine, sql)} - {"null"}
        return len(kinds) > 1

    def declared(self, relation: Relation) -> dict[str, Class]:
        """Nothing: a declared type promises nothing."""
        return {}

    def order(self, relation: Relation) -> str | None:
        """The row id, where the table has one."""
        return self._order(relation)

    def candidates(self, relation: Relation, keys: Sequence[str], kind: Class) -> list[str]:
        """A column may hold 42 or "42", whatever its declared type."""
        found = [self.literal(key) for key in keys] + [key for key in keys if _is_whole(key)]
        blobs = [f"X'{key.encode().hex()}'" for key in keys]
        return found + blobs + [f"X'{key}'" for key in keys if _HEX.fullmatch(key)]

    def trimmed(self, name: str) -> str:
        """Any blanks."""
        return f"TRIM(CAST({name} AS TEXT), ' ' || char(9, 10, 13))"

    def literal(self, value: int | float | str) -> str:
        """Writes text with a NUL character by its bytes."""
        if isinstance(value, str) and "\x00" in value:
            return f"CAST(X'{value.encode().hex()}' AS TEXT)"
        return super().literal(value)

    def statement(self, selected: Sequence[Selected], relation: Relation, where: str) -> str:
        """Puts the typed row first."""
        order = self.order(relation)
        columns = [self.quote(item.name) for item in selected]
        head = _select(_FIRST, [_SENTINELS[item.type] for item in selected], columns)
        body = _select(order or _FIRST, [item.expression for item in selected], columns)
        tail = " ORDER BY 1" if order else ""
        return f"{head} UNION ALL {body} FROM {self.source(relation)}{where}{tail}"

    def batches(self, sql: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Runs a statement by either path and takes the typed row away."""
        full = pa.schema([pa.field(_ROW, pa.int64()), *schema])
        is_native = self._arrow_native and not needs_functions(sql)
        source = self._adbc(sql) if is_native else rows.row_batches(self.engine, sql, full)
        for index, batch in enumerate(source):
            kept = batch.slice(1) if index == 0 else batch
            yield pa.record_batch(kept.columns[1:], schema=schema)

    def newest(self, relation: Relation, stamp: str, latest: int) -> str:
        """Compares numbers as numbers and ISO text as text, with two days of leeway for zones."""
        if relation.stamps.format is not None:
            return ""
        source = self.source(relation)
        number = f"typeof({stamp}) IN ('integer', 'real') AND {until_number(stamp, latest)}"
        after = datetime.datetime.fromtimestamp(latest, datetime.UTC).date() + datetime.timedelta(days=2)
        iso = f"{stamp} GLOB '[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]*' AND {stamp} < '{after.isoformat()}'"
        sql = f"SELECT (SELECT MAX({stamp}) FROM {source} WHERE {number}), "
        sql += f"(SELECT MAX({stamp}) FROM {source} WHERE {iso})"
        largest, day = rows.fetch(self.engine, sql)[0]
        found = [] if largest is None else [f"({number} AND {stamp} = {largest!r})"]
        if day is not None:
            try:
                earlier = datetime.date.fromisoformat(day[:10]) - datetime.timedelta(days=2)
            except ValueError:  # such as a 31 February: all stamps are read
                return ""
            found.append(f"({iso} AND {stamp} >= {self.literal(earlier.isoformat())})")
        return f" WHERE {' OR '.join(found)}" if found else ""

    def few(self, relation: Relation, keys: Sequence[str], columns: Sequence[str]) -> pa.RecordBatch | None:
        """Binds the ids to a statement that stays prepared, on a connection that stays open."""
        if any("\x00" in key for key in keys):
            return None
        bound = _bound_forms(keys)
        sql = self._few_sql(relation, tuple(columns), len(bound), True)
        return self._prepared.read(sql, bound, columns)

    def raw_few(
        self, relation: Relation, keys: Sequence[str], columns: Sequence[str]
    ) -> list[tuple[Any, ...]] | None:
        """By a statement of the same kind."""
        if any("\x00" in key for key in keys):
            return None
        bound = _bound_forms(keys)
        return self._prepared.rows(self._few_sql(relation, tuple(columns), len(bound), False), bound)

    def driver_errors(self) -> tuple[type[Exception], ...]:
        """What the drivers raise."""
        import sqlite3

        if not self._arrow_native:
            return (sqlite3.Error,)
        from adbc_driver_manager import Error

        return (Error, sqlite3.Error)

    def close(self) -> None:
        """Closes both drivers."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._prepared.close()
        super().close()

    def _adbc(self, sql: str) -> Iterator[pa.RecordBatch]:
        import adbc_driver_sqlite.dbapi as adbc

        if self._connection is None:
            self._connection = adbc.connect(self._uri, autocommit=True)  # each read sees what is new
            with self._connection.cursor() as cursor:
                cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
                cursor.fetchall()
        with self._connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(_ARROW_BATCH_ROWS)})
            cursor.execute(sql)
            yield from cursor.fetch_record_batch()

    def _make_few_sql(
        self, relation: Relation, columns: tuple[str, ...], num_bound: int, ids_as_text: bool
    ) -> str:
        sources = dict(relation.columns)
        expressions = {name: self.quote(sources[name]) for name in columns}
        listed = [
            _as_text(expression, keeps_blobs=True) if ids_as_text and is_id(name) else expression
            for name, expression in expressions.items()
        ]
        order = self.order(relation)
        return (
            f"SELECT {', '.join(listed)} FROM {self.source(relation)} WHERE {self.key(relation, 'text')} IN "
            f"({', '.join('?' * num_bound)})" + (f" ORDER BY {order}" if order else "")
        )

    def _find_order(self, relation: Relation) -> str | None:
        if relation.query is not None:
            return None
        for name in ("rowid", "_rowid_", "oid"):
            if any(name == source.lower() for _, source in relation.columns):
                continue
            try:
                row = rows.fetch(self.engine, f"SELECT {name} FROM {self.source(relation)} LIMIT 1")
            except Exception:  # A view or a table WITHOUT ROWID has none.
                return None
            return name if row and row[0][0] is not None else None
        return None


def _bound_forms(keys: Sequence[str]) -> list[Any]:
    """Ids as text, number and bytes, as a column may hold any of them."""
    bound: list[Any] = [*keys, *(int(key) for key in keys if _is_whole(key))]
    return (
        bound + [key.encode() for key in keys] + [bytes.fromhex(key) for key in keys if _HEX.fullmatch(key)]
    )


def _is_whole(key: str) -> bool:
    return is_integer_text(key) and len(key) <= 20 and -(2**63) <= int(key) < 2**63


def _class(integer: int | None, real: int | None, text: int | None, blob: int | None) -> Class:
    if blob:
        return "blob"
    if text:
        return "mixed" if integer or real else "text"
    if not (integer or real):
        return "text"
    return "real" if real else "integer"


def _as_text(name: str, keeps_blobs: bool = False) -> str:
    blob = f"WHEN typeof({name}) = 'blob' THEN {name} " if keeps_blobs else ""
    whole = f"CAST(CAST({name} AS INTEGER) AS TEXT)"
    return (
        f"CASE {blob}WHEN typeof({name}) = 'real' AND {name} = CAST({name} AS INTEGER) THEN {whole} "
        f"ELSE CAST({name} AS TEXT) END"
    )


def _select(row: str, expressions: Sequence[str], columns: Sequence[str]) -> str:
    pairs = zip([row, *expressions], [_ROW, *columns], strict=True)
    return "SELECT " + ", ".join(f"{expression} AS {column}" for expression, column in pairs)
