"""Tables of a SQL database: builds the queries, leaves to the dialect what databases differ in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa

from schema.errors import UserError
from schema.findings import Finding
from schema.names import OCCURRED_AT, USER_ID
from schema.source.contract import Bound, Class, Typing, UserRange
from schema.source.databases import rows
from schema.source.databases.dialect import Dialect, read_as
from schema.source.id_ranges import cut, id_ranges
from schema.source.relations import Relation

_KEYS_PER_QUERY: Final = 500
_LONGEST_REASON: Final = 300


class Database:
    """The `Tables` of a SQL database.

    Args:
        dialect: How to speak to the database.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.speaker = dialect
        """How to speak to the database."""
        self._dialect = dialect
        self.label = f"Database {dialect.label}"
        self.dialect = dialect.name
        self.position = ""
        self._classes: dict[Relation, dict[str, Class]] = {}
        self._watching: Any = None

    def names(self) -> list[str]:
        """Returns tables and views."""
        from sqlalchemy import inspect
        from sqlalchemy.exc import DBAPIError

        try:
            return self._dialect.relation_names(inspect(self._dialect.engine))
        except DBAPIError as error:
            raise self._error("cannot be reached", error) from error

    def columns(self, relation: Relation) -> list[str]:
        """Returns the columns; checks that the table or query can be read."""
        from sqlalchemy.exc import DBAPIError

        sql = f"SELECT * FROM {self._dialect.source(relation)} LIMIT 0"
        try:
            return [name for name, _ in rows.describe(self._dialect.engine, sql)]
        except DBAPIError as error:
            what = "table" if relation.query is None else "query"
            raise self._error(f"cannot read the {what} for `{relation.table}`", error) from error

    def typing(self, relation: Relation, column: str) -> Typing:
        """Databases have types, apart from SQLite."""
        classes = self._classes.get(relation, {})
        return "mixed" if classes.get(dict(relation.columns)[column]) == "mixed" else "typed"

    def read(self, relation: Relation, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Reads contract columns of all rows, in the table's order."""
        return self._read(relation, columns, "", self._all_classes(relation))

    def read_range(self, relation: Relation, users: UserRange) -> Iterator[pa.RecordBatch]:
        """Reads the rows of a range of users."""
        key = self._dialect.key_text(relation) if users.as_text else self._dialect.quote(relation.key)
        conditions = [f"{key} IS NOT NULL"]
        conditions += [] if users.low is None else [f"{key} >= {self._dialect.literal(users.low)}"]
        conditions += [] if users.high is None else [f"{key} < {self._dialect.literal(users.high)}"]
        classes = dict(users.classes) or self._all_classes(relation)
        columns = [name for name, _ in relation.columns]
        return self._read(relation, columns, f" WHERE {' AND '.join(conditions)}", classes)

    def read_keys(
        self, relation: Relation, keys: Sequence[str], columns: Sequence[str]
    ) -> Iterator[pa.RecordBatch]:
        """Reads the rows of these ids, a few hundred ids at a time."""
        for start in range(0, len(keys), _KEYS_PER_QUERY):
            yield from self._read_few(relation, keys[start : start + _KEYS_PER_QUERY], columns)

    def raw_rows(
        self, relation: Relation, keys: Sequence[str], columns: Sequence[str]
    ) -> list[tuple[Any, ...]] | None:
        """Asks by a prepared statement, where the dialect has one."""
        with self._clear_errors(relation):
            return self._dialect.raw_few(relation, keys, columns)

    def read_newest(self, relation: Relation, latest: int) -> Iterator[pa.RecordBatch]:
        """Lets the database find the newest stamps, as far as it can compare them."""
        source = self._dialect.quote(dict(relation.columns)[OCCURRED_AT])
        with self._clear_errors(relation):
            where = self._dialect.newest(relation, source, latest)
            classes = self._classes.get(relation) or self._dialect.classes(relation, where)
        return self._read(relation, [OCCURRED_AT], where, classes)

    def mark(self, relation: Relation) -> Any:
        """Lets the database count, on a connection that stays open."""
        sql = self._dialect.mark(relation)
        if sql is None:
            return None
        with self._clear_errors(relation):
            if self._watching is None:
                self._watching = self._dialect.engine.connect().execution_options(no_parameters=True)
            with self._watching.begin():
                return [tuple(row) for row in self._watching.exec_driver_sql(sql)]

    def ranges(self, relation: Relation, count: int) -> list[UserRange]:
        """Counts the events of each user and cuts where a range is full."""
        dialect = self._dialect
        classes = self._all_classes(relation)
        if classes[relation.key] == "blob":
            return id_ranges((batch.column(0) for batch in self.read(relation, [USER_ID])), count)
        as_text = dialect.mixed(relation)
        key = dialect.key_text(relation) if as_text else dialect.quote(relation.key)
        sql = (
            f"SELECT {key} AS towerline_key, COUNT(*) FROM {dialect.source(relation)} "
            f"WHERE {key} IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
        with self._clear_errors(relation):
            counted = [(value, int(size)) for value, size in rows.fetch(dialect.engine, sql)]
        if any(isinstance(value, bytes) for value, _ in counted):  # binary strings of MySQL
            return id_ranges((batch.column(0) for batch in self.read(relation, [USER_ID])), count)
        bounds = [(_bound(value), size) for value, size in counted]
        return cut(bounds, count, as_text, tuple(classes.items()))

    def findings(self, relation: Relation) -> tuple[Finding, ...]:
        """A table of a database is in one place."""
        return ()

    def close(self) -> None:
        """Gives back connections."""
        if self._watching is not None:
            self._watching.close()
            self._watching = None
        self._dialect.close()

    def _read_few(
        self, relation: Relation, keys: Sequence[str], columns: Sequence[str]
    ) -> Iterator[pa.RecordBatch]:
        with self._clear_errors(relation):
            prepared = self._dialect.few(relation, keys, columns)
            if prepared is None:
                described = self._dialect.declared(relation)
                literals = self._dialect.candidates(relation, keys, described.get(relation.key, "text"))
                key = self._dialect.key(relation, described.get(relation.key, "text"))
                where = f" WHERE {key} IN ({', '.join(literals)})" if literals else " WHERE 1 = 0"
                classes = self._classes.get(relation) or self._dialect.classes(relation, where)
        if prepared is not None:
            yield prepared
        elif literals:
            yield from self._read(relation, columns, where, classes)

    def _read(
        self, relation: Relation, columns: Sequence[str], where: str, classes: dict[str, Class]
    ) -> Iterator[pa.RecordBatch]:
        sources = dict(relation.columns)
        kinds = {name: read_as(classes[sources[name]], name, relation) for name in columns}
        selected = [self._dialect.select(name, sources[name], kinds[name]) for name in columns]
        schema = pa.schema([pa.field(item.name, item.type) for item in selected])
        with self._clear_errors(relation):
            for batch in self._dialect.batches(self._dialect.statement(selected, relation, where), schema):
                if not self._dialect.checks_texts:
                    rows.check_texts(batch, relation.name)
                yield batch

    @contextmanager
    def _clear_errors(self, relation: Relation) -> Iterator[None]:
        """Makes what the driver raises, also while rows stream, a message about the table."""
        try:
            yield
        except UserError:
            raise
        except self._dialect.errors() as error:
            raise self._error(f"cannot read the rows of `{relation.name}`", error) from error

    def _all_classes(self, relation: Relation) -> dict[str, Class]:
        if relation not in self._classes:
            with self._clear_errors(relation):
                self._classes[relation] = self._dialect.classes(relation, "")
        return self._classes[relation]

    def _error(self, what: str, error: Any) -> UserError:
        lines = str(getattr(error, "orig", error)).strip().splitlines()
        reason = lines[0][:_LONGEST_REASON].rstrip(".") if lines else type(error).__name__
        return UserError(f"{self.label} {what}: {reason}. Remedy: check `--source` and the configuration.")


def _bound(value: Any) -> Bound:
    if isinstance(value, int | float | str):
        return value
    return int(value) if hasattr(value, "__float__") and value == int(value) else str(value)
