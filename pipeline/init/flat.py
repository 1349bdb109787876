"""Products and users that have no table of their own: what the events say of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.init import words
from pipeline.init.catalogue import Table
from pipeline.init.exploring import Explorer
from pipeline.init.proposed import ProposedTable
from pipeline.init.roles import Fact
from pipeline.init.select import Select, Spot
from schema import names

_MIN_CONSTANT: Final = 0.8


def propose_from_events(
    explorer: Explorer, fact: Fact, tables: Mapping[str, Table], is_users: bool
) -> ProposedTable | None:
    """Makes a table of what is the same in (nearly) all events of a product or user.

    Args:
        explorer: The database.
        fact: The events.
        tables: All tables.
        is_users: Whether users are made, without personal columns; else products.

    Returns:
        None if the id stands in a table that has no columns of its own.
    """
    spot = fact.user if is_users else fact.product
    table = tables[fact.table_at(spot.hops)]
    select = Select(explorer, table.name)
    key = select.at(Spot((), spot.column))
    what = "users" if is_users else "products"
    found = ProposedTable(select, [f"There is no table of {what}: they are what the events say of them."])
    select.add(key, names.USER_ID if is_users else names.PRODUCT_ID)
    others = {fact.user.column, fact.product.column, fact.stamp.column}
    for column in table.columns:
        if column.name in others or column.kind not in ("text", "integer", "real"):
            continue
        if set(words.tokens(column.name)) & (words.of("no_features") | words.of("key")):
            continue
        if is_users and words.is_personal(column.name):
            found.personal.append(column.name)
        elif _is_constant(explorer, table.name, spot.column, column.name):
            select.add(f"MAX({select.at(Spot((), column.name))})", column.name)
    select.conditions.append(f"{key} IS NOT NULL")
    select.order = f"GROUP BY {key}"
    return found


def _is_constant(explorer: Explorer, table: str, key: str, column: str) -> bool:
    key, column = explorer.quote(key), explorer.quote(column)
    rows = explorer.try_fetch(
        f"SELECT COUNT(*), SUM(CASE WHEN n <= 1 THEN 1 ELSE 0 END) "
        f"FROM (SELECT {key}, COUNT(DISTINCT {column}) AS n FROM {explorer.quote(table)} "
        f"WHERE {key} IS NOT NULL GROUP BY {key} HAVING COUNT({column}) > 1) t"
    )
    if not rows or not rows[0][0]:
        return False
    return float(rows[0][1]) / float(rows[0][0]) >= _MIN_CONSTANT
