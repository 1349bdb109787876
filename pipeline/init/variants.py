"""Variants of products that stand in the table of products: each names its parent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.init import words
from pipeline.init.catalogue import Column, Table
from pipeline.init.exploring import Explorer

_MIN_FOUND: Final = 0.8


@dataclass(frozen=True)
class Variants:
    """Where a variant names its parent.

    Attributes:
        table: Name of the table of products.
        key: The column that tells its rows apart.
        parent: The column that names the parent.
        is_text: Whether that is text.
        num_rows: How many variants there are.
    """

    table: str
    key: str
    parent: str
    is_text: bool
    num_rows: int

    def product_id(self, explorer: Explorer, written: str) -> str:
        """Returns the parent of a product, or the product itself if it has none.

        Args:
            explorer: For quoting.
            written: The product as it is written in the SELECT of the events.
        """
        table, key = explorer.quote(self.table), explorer.quote(self.key)
        parent = f"NULLIF(v.{explorer.quote(self.parent)}, {self._nothing()})"
        return f"COALESCE((SELECT {parent} FROM {table} v WHERE v.{key} = {written}), {written})"

    def is_none(self, explorer: Explorer, alias: str) -> str:
        """Returns the condition that a row of the products is no variant."""
        written = f"{alias}.{explorer.quote(self.parent)}"
        return f"COALESCE({written}, {self._nothing()}) = {self._nothing()}"

    def evidence(self) -> str:
        """Returns why, for a person."""
        return (
            f"`{self.table}.{self.parent}` names the product that each of {self.num_rows:,} variants belongs "
            "to: what is done with a variant counts for that product, and variants are not recommended."
        )

    def _nothing(self) -> str:
        return "''" if self.is_text else "0"


def find_variants(explorer: Explorer, table: Table, key: str) -> Variants | None:
    """Returns where the variants of a table of products name their parents; None if there are none.

    Args:
        explorer: The database.
        table: The products.
        key: The column that tells its rows apart.
    """
    declared = {item.column for item in table.foreign_keys if item.table == table.name}
    for column in table.columns:
        is_named = "parent" in words.tokens(column.name) or column.name in declared
        if not is_named or column.name == key or column.kind != table.by_name[key].kind:
            continue
        if num_rows := _num_variants(explorer, table, column, key):
            return Variants(table.name, key, column.name, column.kind == "text", num_rows)
    return None


def _num_variants(explorer: Explorer, table: Table, column: Column, key: str) -> int:
    """How many rows name another row of the table; 0 if most of the names are none."""
    name, own, parent = (explorer.quote(given) for given in (table.name, key, column.name))
    nothing = "''" if column.kind == "text" else "0"
    rows = explorer.try_fetch(
        f"SELECT COUNT(*), COUNT(p.{own}) FROM {name} c LEFT JOIN {name} p ON p.{own} = c.{parent} "
        f"WHERE c.{parent} IS NOT NULL AND c.{parent} <> {nothing} AND c.{parent} <> c.{own}"
    )
    if not rows or not rows[0][0] or rows[0][1] < _MIN_FOUND * rows[0][0]:
        return 0
    return int(rows[0][0])
