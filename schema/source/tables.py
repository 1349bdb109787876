"""What `ProductSource` needs of a database or a folder of files, and where its tables of the contract are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

import pyarrow as pa

from schema.findings import Finding
from schema.source import contract
from schema.source.contract import USERS, Typing, UserRange
from schema.source.relations import Relation, missing_table, unmapped, with_columns
from schema.source_settings import SourceSettings, TableMapping


class Tables(Protocol):
    """Raw reading: contract names already, every value as it comes."""

    label: str
    """What messages call the database; without a password."""
    dialect: str
    """One of `queries.DIALECTS`."""

    position: str
    """The file that is being read; empty where there are none."""

    def names(self) -> list[str]:
        """Returns the tables that exist."""

    def columns(self, relation: Relation) -> list[str]:
        """Returns the columns of a table or query, by their names in the database."""

    def typing(self, relation: Relation, column: str) -> Typing:
        """Returns what is known of the values of a contract column that was read."""

    def read(self, relation: Relation, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Reads contract columns of all rows, in the table's order."""

    def read_range(self, relation: Relation, users: UserRange) -> Iterator[pa.RecordBatch]:
        """Reads the rows of a range of users, in the table's order at least within each user."""

    def read_keys(
        self, relation: Relation, keys: Sequence[str], columns: Sequence[str]
    ) -> Iterator[pa.RecordBatch]:
        """Reads contract columns of the rows of these ids; may return other rows beside them."""

    def raw_rows(
        self, relation: Relation, keys: Sequence[str], columns: Sequence[str]
    ) -> list[tuple[Any, ...]] | None:
        """Reads the same rows as the driver gives them, a value's type as stored, in the table's order.

        None where there is no way that is faster than `read_keys`.
        """

    def read_newest(self, relation: Relation, latest: int) -> Iterator[pa.RecordBatch]:
        """Reads the stamps of some events, the newest up to `latest` (epoch seconds) among them."""

    def mark(self, relation: Relation) -> Any:
        """Returns what is another as soon as products have changed; None where only reading them tells."""

    def ranges(self, relation: Relation, count: int) -> list[UserRange]:
        """Cuts the users of the events into at most `count` ranges with about as many events each."""

    def findings(self, relation: Relation) -> tuple[Finding, ...]:
        """Returns what was noticed about where the rows of a table come from."""

    def close(self) -> None:
        """Gives back connections."""


def relations_of(tables: Tables, settings: SourceSettings, irregular: Collection[str]) -> dict[str, Relation]:
    """Returns table of the contract -> where its rows come from; `users` may be absent.

    Args:
        tables: The open database or folder.
        settings: How its tables map onto the contract.
        irregular: Tables whose ids are not stored in canonical form.

    Raises:
        UserError: A table is missing, or one of its columns.
    """
    found: dict[str, Relation] = {}
    existing = tables.names()
    for table in contract.TABLES:
        mapping = settings.tables.get(table, TableMapping())
        relation = unmapped(settings, table, tables.dialect)
        if relation.query is None and relation.name not in existing and "." not in relation.name:
            if table == USERS and mapping.table is None:
                continue
            raise missing_table(relation, tables.label, existing)
        columns = with_columns(relation, mapping, tables.columns(relation))
        found[table] = replace(columns, is_irregular=table in irregular)
    return found
