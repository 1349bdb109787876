"""What differs between SQL databases: names, literals, types, and the order of rows."""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import pyarrow as pa

from schema import names
from schema.source import contract
from schema.source.contract import Class
from schema.source.ids import is_integer_text
from schema.source.relations import Relation

_LONGEST_NUMBER: Final = 39
"""Digits of the longest number that databases store as one, with its sign."""

STAMPS: Final = (names.OCCURRED_AT, names.CREATED_AT)
"""Columns that are points in time."""


@dataclass(frozen=True)
class Selected:
    """One output column of a query.

    Attributes:
        name: Name in the contract.
        expression: SQL that gives it.
        type: Arrow type of what the expression gives.

    Args:
        engine: SQLAlchemy engine.
        label: What messages call the database.
    """

    name: str
    expression: str
    type: pa.DataType


class Dialect(ABC):
    """Reads one kind of SQL database."""

    name: ClassVar[str]
    """One of `queries.DIALECTS`."""
    checks_texts: ClassVar[bool] = True
    """Whether the database stores no text but UTF-8."""

    def __init__(self, engine: Any, label: str) -> None:
        self.engine = engine
        self.label = label
        self._server_rows = ServerRows(engine)

    def quote(self, name: str) -> str:
        """Quotes the name of a table or column; a dotted table name is a schema and a table."""
        return str(self.engine.dialect.identifier_preparer.quote_identifier(name))

    def literal(self, value: int | float | str) -> str:
        """Writes a value into SQL."""
        if isinstance(value, int | float):
            return repr(value)
        return "'" + value.replace("'", "''") + "'"

    def relation_names(self, inspector: Any) -> list[str]:
        """Returns the names of tables and views that an inspector of SQLAlchemy finds."""
        return [*inspector.get_table_names(), *inspector.get_view_names()]

    def source(self, relation: Relation) -> str:
        """Returns the SQL that stands after FROM."""
        if relation.query is not None:
            return f"({relation.query}\n) AS towerline_source"
        return self.table(relation.name)

    def table(self, name: str) -> str:
        """Quotes the name of a table."""
        return ".".join(self.quote(part) for part in name.split("."))

    @abstractmethod
    def classes(self, relation: Relation, where: str) -> dict[str, Class]:
        """Finds the storage class of each column of a relation, by its name in the database."""

    @abstractmethod
    def select(self, column: str, source: str, kind: Class) -> Selected:
        """Returns the expression that reads a column; a `local` stamp as ISO text."""

    def key_text(self, relation: Relation) -> str:
        """Returns SQL that gives the user id as text, for columns that mix types."""
        return self.quote(relation.key)

    def mixed(self, relation: Relation) -> bool:
        """Says whether the user ids of a relation mix integers and text."""
        return False

    def declared(self, relation: Relation) -> dict[str, Class]:
        """Returns what is known of the columns without reading rows."""
        return self.classes(relation, "")

    def newest(self, relation: Relation, stamp: str, latest: int) -> str:
        """Returns a WHERE clause that leaves few events, the newest up to `latest` among them.

        Args:
            relation: The events.
            stamp: Quoted name of the column of stamps.
            latest: Epoch seconds.
        """
        kind = self.classes(relation, "")[dict(relation.columns)[names.OCCURRED_AT]]
        if kind not in ("integer", "real", "stamp", "local"):
            return ""
        until = self.until(stamp, latest) if kind in ("stamp", "local") else until_number(stamp, latest)
        return f" WHERE {stamp} = (SELECT MAX({stamp}) FROM {self.source(relation)} WHERE {until})"

    def mark(self, relation: Relation) -> str | None:
        """Returns a small query whose rows differ as soon as products have changed.

        None where the table has no `updated_at`: then it is cheaper to read than to calculate.
        """
        sources = dict(relation.columns)
        if names.UPDATED_AT not in sources:
            return None
        flag = self.quote(sources[names.AVAILABLE]) if names.AVAILABLE in sources else "1"
        counted = f"SELECT {flag} AS flag, COUNT(*), MAX({self.quote(sources[names.UPDATED_AT])})"
        return f"{counted} FROM {self.source(relation)} GROUP BY 1 ORDER BY 1"

    def until(self, stamp: str, latest: int) -> str:
        """Returns the condition that a column of dates or timestamps is not later than `latest`."""
        day = datetime.datetime.fromtimestamp(latest, datetime.UTC)
        return f"{stamp} <= '{day:%Y-%m-%d %H:%M:%S}'"

    def key(self, relation: Relation, kind: Class) -> str:
        """Returns the SQL of the key that is compared with `candidates`."""
        del kind
        name = self.quote(relation.key)
        return self.trimmed(name) if relation.is_irregular else name

    def trimmed(self, name: str) -> str:
        """Returns the SQL of a text without blanks around it."""
        return f"TRIM({name})"

    @abstractmethod
    def order(self, relation: Relation) -> str | None:
        """Returns SQL by which rows are put into the table's own order, or None."""

    def candidates(self, relation: Relation, keys: Sequence[str], kind: Class) -> list[str]:
        """Returns the literals that the given ids may be stored as."""
        if kind in ("integer", "real"):
            return [key for key in keys if is_integer_text(key) and len(key) <= _LONGEST_NUMBER]
        return [self.literal(key) for key in keys]

    def statement(self, selected: Sequence[Selected], relation: Relation, where: str) -> str:
        """Writes the query that `batches` runs."""
        expressions = ", ".join(f"{item.expression} AS {self.quote(item.name)}" for item in selected)
        order = self.order(relation)
        tail = f" ORDER BY {order}" if order else ""
        return f"SELECT {expressions} FROM {self.source(relation)}{where}{tail}"

    @abstractmethod
    def batches(self, sql: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Runs a statement, through the Arrow-native driver where there is one."""

    def few(self, relation: Relation, keys: Sequence[str], columns: Sequence[str]) -> pa.RecordBatch | None:
        """Reads the rows of a few ids as `batches` would, but at once; None where there is no such way."""
        return None

    def raw_few(
        self, relation: Relation, keys: Sequence[str], columns: Sequence[str]
    ) -> list[tuple[Any, ...]] | None:
        """Reads the rows of a few ids as the driver gives them; None where there is no such way."""
        open_rows, sources = self._server_rows, dict(relation.columns)
        if relation not in open_rows.classes:
            open_rows.classes[relation] = self.classes(relation, "")
        classes = open_rows.classes[relation]
        literals = self.candidates(relation, keys, classes[relation.key])
        if not literals:
            return []
        where = f" WHERE {self.key(relation, classes[relation.key])} IN ({', '.join(literals)})"
        kinds = {name: read_as(classes[sources[name]], name, relation) for name in columns}
        selected = [self.select(name, sources[name], kinds[name]) for name in columns]
        return open_rows.fetch(self.statement(selected, relation, where))

    def errors(self) -> tuple[type[Exception], ...]:
        """Returns what reading rows raises when the database or its content is at fault."""
        from sqlalchemy.exc import DBAPIError

        return (DBAPIError, pa.ArrowException, UnicodeDecodeError, OSError, *self.driver_errors())

    def driver_errors(self) -> tuple[type[Exception], ...]:
        """Returns what the Arrow-native driver raises, if there is one."""
        return ()

    def close(self) -> None:
        """Gives back connections."""
        self._server_rows.close()
        self.engine.dispose()


def read_as(kind: Class, column: str, relation: Relation) -> Class:
    """Returns the class by which a column is read: stamps without a zone are in UTC, unless one is named."""
    is_elsewhere = column in STAMPS and relation.stamps.timezone is not None
    return "stamp" if kind == "local" and not is_elsewhere else kind


def until_number(stamp: str, latest: int) -> str:
    """Returns the condition that epoch numbers, of whatever unit, are not later than `latest`."""
    bounds = [(unit, latest * unit) for unit in (1, 10**3, 10**6, 10**9)]
    smaller = [f"{stamp} <= {bounds[0][1]}"]
    smaller += [f"({stamp} >= {10**11 * unit // 1000} AND {stamp} <= {bound})" for unit, bound in bounds[1:]]
    return f"({' OR '.join(smaller)})"


def is_id(column: str) -> bool:
    """Says whether the values of a column of the contract become text."""
    return column in contract.IDS


class ServerRows:
    """Runs statements on a connection that stays open.

    Args:
        engine: Of SQLAlchemy.
    """

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._connection: Any = None
        self.classes: dict[Relation, dict[str, Class]] = {}
        """What is known of columns as long as the connection stands."""

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows as the driver gives them.

        After an error, such as a connection that was lost or a column of another type, everything is asked
        anew.

        Raises:
            sqlalchemy.exc.DBAPIError: The server is away or cannot read the rows.
        """
        try:
            if self._connection is None:
                options = {"no_parameters": True, "isolation_level": "AUTOCOMMIT"}  # each sees what is new
                self._connection = self._engine.connect().execution_options(**options)
            return [tuple(row) for row in self._connection.exec_driver_sql(sql)]
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        """Gives back the connection."""
        self.classes.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
