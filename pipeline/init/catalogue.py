"""What is in a foreign database: tables, columns, keys and some rows of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

ColumnKind = Literal["integer", "real", "text", "stamp", "bool", "binary", "other", "empty"]
"""What the sampled values of a column are, whatever the database calls its type."""


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: Name in the database.
        kind: What its values are.
        values: Sampled values, without nulls, in the order of the rows.
        num_missing: Nulls among the sampled rows.
        stamp_format: How texts that are points in time are written, if it is not ISO.
        never_null: Whether the database says so.
    """

    name: str
    kind: ColumnKind
    values: tuple[Any, ...] = ()
    num_missing: int = 0
    stamp_format: str | None = None
    never_null: bool = False


@dataclass(frozen=True)
class ForeignKey:
    """A declared reference of one column to one column."""

    column: str
    table: str
    referred: str


@dataclass(frozen=True)
class Table:
    """One table, with what a first look shows.

    Attributes:
        name: Name in the database.
        columns: In the table's order.
        key: The columns of the declared primary key.
        foreign_keys: Declared references by one column.
        num_sampled: Rows that were looked at.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    num_sampled: int = 0
    by_name: dict[str, Column] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        self.by_name.update({column.name: column for column in self.columns})

    def names(self) -> list[str]:
        """Returns the names of the columns."""
        return [column.name for column in self.columns]

    def has(self, columns: Sequence[str]) -> bool:
        """Says whether the table has all these columns, in any case of letters."""
        own = {name.lower() for name in self.by_name}
        return all(name.lower() in own for name in columns)
