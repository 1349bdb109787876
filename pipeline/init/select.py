"""What `init` proposes: SELECTs that follow references from one table to others, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.init import words
from pipeline.init.exploring import Explorer
from pipeline.init.references import Reference

Hops = tuple[Reference, ...]
"""A way from a table, by references, to another."""


@dataclass(frozen=True)
class Spot:
    """A column of a table at the end of a way.

    Attributes:
        hops: The way; none for a column of the first table itself.
        column: Name of the column.
    """

    hops: Hops
    column: str


@dataclass
class Select:
    """A SELECT over one table and those that it refers to.

    Args:
        explorer: For quoting.
        table: The first table.
        is_outer: Whether rows without a match are kept.
        source: What stands after FROM, if not the table itself.
    """

    explorer: Explorer
    table: str
    is_outer: bool = False
    source: str | None = None
    columns: list[tuple[str, str]] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    order: str = ""
    _aliases: dict[tuple[tuple[str, str], ...], str] = field(default_factory=dict)
    _joins: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._aliases[()] = self._new_alias(self.table)

    @property
    def alias(self) -> str:
        """Of the first table."""
        return self._aliases[()]

    def at(self, spot: Spot) -> str:
        """Returns a column as it is written in this SELECT, and joins what it takes."""
        return f"{self.joined(spot.hops)}.{self.explorer.quote(spot.column)}"

    def joined(self, hops: Sequence[Reference]) -> str:
        """Returns the alias of the table at the end of a way, and joins it."""
        way: tuple[tuple[str, str], ...] = ()
        for hop in hops:
            before, way = self._aliases[way], (*way, (hop.column, hop.referred))
            if way in self._aliases:
                continue
            alias = self._aliases[way] = self._new_alias(hop.referred)
            quote = self.explorer.quote
            self._joins.append(
                f"{'LEFT JOIN' if self.is_outer else 'JOIN'} {quote(hop.referred)} {alias} "
                f"ON {alias}.{quote(hop.key)} = {before}.{quote(hop.column)}"
            )
        return self._aliases[way]

    def add(self, expression: str, name: str) -> None:
        """Adds an output column."""
        self.columns.append((expression, name))

    def add_spot(self, spot: Spot, name: str) -> None:
        """Adds a column as it stands."""
        self.add(self.at(spot), name)

    def is_plain(self) -> bool:
        """Says whether a table and names of columns would say the same."""
        return not (
            self._joins
            or self.conditions
            or self.source
            or self.order
            or "." in self.table  # where a table is named, a dot stands behind a schema
            or any(not self._is_own(expression) for expression, _ in self.columns)
        )

    def plain_columns(self) -> dict[str, str]:
        """Returns output name -> column of the table, where the SELECT is plain."""
        return {name: expression.partition(".")[2].strip('"`') for expression, name in self.columns}

    def text(self) -> str:
        """Returns the SELECT, a line for each column and join."""
        listed = [
            f"  {expression}"
            + ("" if expression.endswith("." + self.explorer.quote(name)) else f" AS {self._name(name)}")
            for expression, name in self.columns
        ]
        start = self.source or self.explorer.quote(self.table)
        lines = ["SELECT", ",\n".join(listed), f"FROM {start} {self.alias}", *self._joins]
        if self.conditions:
            lines.append("WHERE " + "\n  AND ".join(self.conditions))
        return "\n".join([*lines, self.order] if self.order else lines)

    def _name(self, name: str) -> str:
        return self.explorer.quote(name)

    def _is_own(self, expression: str) -> bool:
        alias, dot, column = expression.partition(".")
        own = column.strip('"`')
        return alias == self.alias and bool(dot) and expression == f"{alias}.{self.explorer.quote(own)}"

    def _new_alias(self, table: str) -> str:
        letters = "".join(word[0] for word in words.head_words(table) if word[0].isalpha()).lower() or "t"
        taken = set(self._aliases.values())
        candidates = [letters, *(f"{letters}{number}" for number in range(2, 100))]
        return next(name for name in candidates if name not in taken and name not in _SHORT_WORDS)


_SHORT_WORDS = frozenset({"as", "by", "is", "in", "on", "or", "to", "if", "do", "of", "at", "no"})


@dataclass
class ProposedTable:
    """One table of the contract.

    Attributes:
        select: What is read.
        evidence: Why it is this table, a sentence each.
        left_out: Column -> why it is not read.
        personal: Columns left out because they are of a person.
        stamp_format: `format` of the stamps, if they need one.
        has_guests: Whether guests are told apart by the hash of their mail address.
        look: First rows, with the names of the columns before them.
    """

    select: Select
    evidence: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    personal: list[str] = field(default_factory=list)
    stamp_format: str | None = None
    has_guests: bool = False
    look: list[Sequence[Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Proposal:
    """A whole mapping.

    Attributes:
        tables: `events`, `products` and, if there are any, `users`.
        others: Tables that could be events too, with why not.
    """

    tables: Mapping[str, ProposedTable]
    others: Mapping[str, str] = field(default_factory=dict)
