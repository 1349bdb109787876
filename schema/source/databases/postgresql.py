"""PostgreSQL, through ADBC (COPY in binary) where it can be loaded, else through psycopg."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

import pyarrow as pa

from schema.errors import UserError
from schema.source.contract import Class
from schema.source.databases import rows
from schema.source.databases.dialect import STAMPS, Dialect, Selected, is_id
from schema.source.relations import Relation

_CLASSES: Final[dict[Class, tuple[int, ...]]] = {
    "integer": (20, 21, 23),
    "real": (700, 701, 1700),
    "bool": (16,),
    "stamp": (1184,),
    "local": (1082, 1114),
    "array": (1005, 1007, 1016, 1021, 1022, 1231),
    "text": (25, 1042, 1043, 19),
    "uuid": (2950,),
    "blob": (17,),
}
_BY_CODE: Final[dict[int, Class]] = {code: kind for kind, codes in _CLASSES.items() for code in codes}
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})+")
_SESSION: Final = (
    "SET default_transaction_read_only = on",
    "SET synchronize_seqscans = off",
    "SET max_parallel_workers_per_gather = 0",
)
"""Read only, and full scans in the order of the table."""


class PostgresqlDialect(Dialect):
    """Reads PostgreSQL; every column is cast to one of four types, so both drivers give the same.

    Args:
        url: Parsed SQLAlchemy URL.
        label: What messages call the database.
        arrow_native: Whether ADBC may be used.
    """

    name = "postgresql"

    def __init__(self, url: Any, label: str, arrow_native: bool) -> None:
        from sqlalchemy import create_engine, event
        from sqlalchemy.pool import NullPool

        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        address, mark, query = plain.partition("?")
        self._url = (address + mark + query.replace("+", "%20")).replace(" ", "%20")  # as libpq wants them
        self._arrow_native = arrow_native
        self._connection: Any = None
        super().__init__(create_engine(url.set(drivername="postgresql+psycopg"), poolclass=NullPool), label)
        event.listen(self.engine, "connect", _prepare)
        self._order = lru_cache(maxsize=None)(self._find_order)

    def classes(self, relation: Relation, where: str) -> dict[str, Class]:
        """Reads the declared types."""
        found = rows.describe(self.engine, f"SELECT * FROM {self.source(relation)} LIMIT 0")
        return {name: _BY_CODE.get(code, "other") for name, code in found}

    def select(self, column: str, source: str, kind: Class) -> Selected:
        """Casts to what both drivers agree on."""
        name = self.quote(source)
        if kind == "blob":
            return Selected(column, name, pa.binary())
        if is_id(column):
            return Selected(column, _as_text(name, kind), pa.string())
        if kind == "local":
            return Selected(column, f"to_char({name}, 'YYYY-MM-DD\"T\"HH24:MI:SS')", pa.string())
        if kind == "stamp":
            if column in STAMPS:
                return Selected(column, _epoch(name), pa.int64())
            return Selected(column, f"{name}::text", pa.string())
        if kind == "integer":
            return Selected(column, f"{name}::bigint", pa.int64())
        if kind == "real":
            return Selected(column, f"{name}::float8", pa.float64())
        if kind == "bool":
            return Selected(column, f"{name}::int::bigint", pa.int64())
        if kind == "array":
            return Selected(column, f"array_to_json({name})::text", pa.string())
        return Selected(column, f"{name}::text", pa.string())

    def mixed(self, relation: Relation) -> bool:
        """Types without an order of their own, such as JSON and arrays, are compared as text."""
        return self.classes(relation, "")[relation.key] in ("array", "other")

    def key_text(self, relation: Relation) -> str:
        """Casts."""
        return f"{self.quote(relation.key)}::text"

    def relation_names(self, inspector: Any) -> list[str]:
        """Materialised views and foreign tables too."""
        more = [*inspector.get_materialized_view_names(), *inspector.get_foreign_table_names()]
        return [*super().relation_names(inspector), *more]

    def candidates(self, relation: Relation, keys: Sequence[str], kind: Class) -> list[str]:
        """Leaves out what the type of the column cannot hold, which would be an error."""
        if kind == "uuid":
            return [self.literal(key) for key in keys if _UUID.fullmatch(key)]
        if kind == "blob":
            held = [key.encode().hex() for key in keys] + [key for key in keys if _HEX.fullmatch(key)]
            return [f"'\\x{digits}'::bytea" for digits in held]
        return super().candidates(relation, [key for key in keys if "\x00" not in key], kind)

    def key(self, relation: Relation, kind: Class) -> str:
        """Compares types that are no text as the text that they are read as."""
        if kind in ("text", "other", "array", "stamp", "local", "bool"):
            name = self.quote(relation.key) if kind == "text" else f"{self.quote(relation.key)}::text"
            return self.trimmed(name) if relation.is_irregular else name
        return self.quote(relation.key)

    def trimmed(self, name: str) -> str:
        """Any blanks."""
        return f"btrim({name}, E' \\t\\r\\n')"

    def order(self, relation: Relation) -> str | None:
        """The place in the table, where the relation is a table."""
        return self._order(relation)

    def batches(self, sql: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Runs a statement by either path."""
        if not self._arrow_native:
            yield from rows.row_batches(self.engine, sql, schema)
            return
        with self._adbc().cursor() as cursor:
            cursor.execute(sql)
            for batch in cursor.fetch_record_batch():
                yield pa.record_batch(batch.columns, schema=schema)

    def driver_errors(self) -> tuple[type[Exception], ...]:
        """What ADBC raises."""
        if not self._arrow_native:
            return ()
        from adbc_driver_manager import Error

        return (Error,)

    def close(self) -> None:
        """Closes both drivers."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        super().close()

    def _adbc(self) -> Any:
        import adbc_driver_postgresql.dbapi as adbc

        if self._connection is None:
            try:
                self._connection = adbc.connect(self._url, autocommit=True)
            except Exception as error:
                reason = str(error).splitlines()[0]
                raise UserError(f"Database {self.label} cannot be reached: {reason}.") from error
            with self._connection.cursor() as cursor:
                for statement in _SESSION:
                    cursor.execute(statement)
        return self._connection

    def _find_order(self, relation: Relation) -> str | None:
        if relation.query is not None:
            return None
        table = self.table(relation.name).replace("'", "''")
        found = rows.fetch(self.engine, f"SELECT relkind::text FROM pg_class WHERE oid = '{table}'::regclass")
        return "ctid" if found and found[0][0] in ("r", "m") else None


def _epoch(name: str) -> str:
    """Infinity is no point in time."""
    return f"CASE WHEN isfinite({name}) THEN floor(extract(epoch FROM {name}))::bigint END"


def _as_text(name: str, kind: Class) -> str:
    if kind == "real":
        number = f"{name}::numeric"
        return f"CASE WHEN {number} = trunc({number}) THEN trunc({number})::text ELSE {name}::text END"
    return f"{name}::text"


def _prepare(connection: Any, _: object) -> None:
    connection.autocommit = True
    for statement in _SESSION:
        connection.execute(statement)
    connection.autocommit = False
