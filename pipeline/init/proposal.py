"""Proposes events, products and users for a schema that nobody has described."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from pipeline.init import words
from pipeline.init.catalogue import Table
from pipeline.init.events import propose_events
from pipeline.init.exploring import Explorer
from pipeline.init.features import propose_products, propose_users
from pipeline.init.references import Reference, find_references
from pipeline.init.roles import Fact, find_facts
from pipeline.init.select import Proposal, ProposedTable, Select, Spot
from pipeline.init.variants import find_variants
from schema import names
from schema.errors import UserError
from schema.source.contract import EVENTS, PRODUCTS, USERS

Choose = Callable[[Sequence[Fact], Mapping[str, Table]], Fact]
"""Picks one of the tables that may be events; the best comes first."""

_LOOK_ROWS: Final = 3
_MIN_ORDERS: Final = 20
_MAX_OWN_USERS: Final = 0.97
_MOST_OTHERS: Final = 5
_MOST_NAMED: Final = 40

_MIN_CONSTANT: Final = 0.8


def propose(explorer: Explorer, tables: Sequence[Table], choose: Choose | None = None) -> Proposal:
    """Proposes a mapping.

    Args:
        explorer: The database.
        tables: Its tables.
        choose: Asks which table holds the events; by default the best one is taken.

    Raises:
        UserError: No table says who did what and when.
    """
    by_name = {table.name: table for table in tables}
    siblings = find_siblings(tables)
    first_of = {name: same[0] for same in siblings.values() for name in same[1:]}
    looked_at = {name: table for name, table in by_name.items() if name not in first_of}
    references = find_references(explorer, looked_at)
    facts = find_facts(explorer, looked_at, references)
    if not facts:
        raise _nothing_fits(explorer, tables)
    fact = choose(facts, looked_at) if choose else facts[0]
    proposed = _tables_of(explorer, fact, looked_at, references)
    same = siblings.get(fact.table, [])
    if same:
        _unite(explorer, proposed[EVENTS], same)
    for table in proposed.values():
        _look(explorer, table)
    _check_orders(explorer, proposed[EVENTS])
    others = {other.table: _why_not(other, fact) for other in facts if other.table != fact.table}
    return Proposal(proposed, dict(list(others.items())[:_MOST_OTHERS]))


def find_siblings(tables: Sequence[Table]) -> dict[str, list[str]]:
    """Finds tables that are parts of one, such as `sales_1997` and `sales_1998`; by the first of them."""
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    whole = {tuple(table.names()): table.name for table in tables if not re.search(r"\d", table.name)}
    for table in tables:
        if re.search(r"\d{2,}", table.name):
            alike[re.sub(r"\d+", "#", table.name), tuple(table.names())].append(table.name)
    return {
        names[0]: names for (_, columns), names in alike.items() if len(names) > 1 and columns not in whole
    }


def newest_by(explorer: Explorer, table: Table) -> tuple[str, str] | None:
    """Finds a business key with several rows, and the column by which the newest is known."""
    found = {column.name: set(words.tokens(column.name)) for column in table.columns}
    key, start, end = (frozenset(words.VERSIONS[name]) for name in ("key", "start", "end"))
    starts = [name for name, said in found.items() if said & start and not said & end]
    ends = [name for name, said in found.items() if said & end]
    if not starts or not ends:
        return None
    for name, said in found.items():
        if not said & key or name in table.key:
            continue
        quoted = explorer.quote(name)
        rows = explorer.try_fetch(
            f"SELECT COUNT({quoted}), COUNT(DISTINCT {quoted}), COUNT(*) FROM {explorer.quote(table.name)}"
        )
        if rows and rows[0][0] == rows[0][2] and rows[0][1] < rows[0][0]:
            return name, starts[0]
    return None


def _tables_of(
    explorer: Explorer, fact: Fact, tables: Mapping[str, Table], references: Mapping[str, Sequence[Reference]]
) -> dict[str, ProposedTable]:
    versions = newest_by(explorer, tables[fact.products]) if fact.products else None
    variants = None
    if fact.products and not versions:
        variants = find_variants(explorer, tables[fact.products], fact.product_way[-1].key)
    key = versions[0] if versions else None
    proposed = {EVENTS: propose_events(explorer, fact, tables, key, variants)}
    if fact.products:
        key = key or fact.product_way[-1].key
        newest = versions[1] if versions else None
        products = propose_products(explorer, fact.products, key, tables, references, newest)
        if variants:
            products.select.conditions.append(variants.is_none(explorer, products.select.alias))
        proposed[PRODUCTS] = products
    else:
        proposed[PRODUCTS] = _required(propose_from_events(explorer, fact, tables, is_users=False))
    if fact.users:
        key = _user_key(fact, references)
        proposed[USERS] = propose_users(explorer, fact.users, key, tables, references)
    else:
        users = propose_from_events(explorer, fact, tables, is_users=True)
        if users is not None and len(users.select.columns) > 1:
            proposed[USERS] = users
    return proposed


def _required(table: ProposedTable | None) -> ProposedTable:
    if table is None:
        raise UserError(
            "No product can be told from the events. Remedy: write the mapping by hand (docs/database.md)."
        )
    return table


def _user_key(fact: Fact, references: Mapping[str, Sequence[Reference]]) -> str:
    table = fact.table_at(fact.user.hops)
    return next(
        reference.key
        for reference in references[table]
        if reference.column == fact.user.column and reference.referred == fact.users
    )


def _unite(explorer: Explorer, events: ProposedTable, names: Sequence[str]) -> None:
    union = " UNION ALL ".join(f"SELECT * FROM {explorer.quote(name)}" for name in names)
    events.select.source = f"({union})"
    listed = ", ".join(f"`{name}`" for name in names)
    events.evidence.insert(1, f"{listed} have the same columns and are read as one.")


def _look(explorer: Explorer, table: ProposedTable) -> None:
    header = [name for _, name in table.select.columns]
    rows = explorer.fetch(f"{table.select.text()}\nLIMIT {_LOOK_ROWS}")
    table.look = [header, *rows]


def _check_orders(explorer: Explorer, events: ProposedTable) -> None:
    """Says so if every order has a user of its own: then it is the wrong id of the user."""
    if names.BASKET_ID not in [name for _, name in events.select.columns]:
        return
    rows = explorer.try_fetch(
        f"SELECT COUNT(DISTINCT user_id), COUNT(DISTINCT basket_id) FROM (\n{events.select.text()}\n) t"
    )
    if rows and rows[0][1] >= _MIN_ORDERS and rows[0][0] >= _MAX_OWN_USERS * rows[0][1]:
        events.evidence.append(
            f"LOOK: {rows[0][1]:,} orders have {rows[0][0]:,} users, hardly anybody ordered twice. Is there "
            "another id of the user, the same for all orders of a person?"
        )


def _why_not(other: Fact, chosen: Fact) -> str:
    if other.num_rows is not None and chosen.num_rows is not None and other.num_rows < chosen.num_rows:
        return f"{other.num_rows:,} rows; fits less well"
    return "fits less well"


def _nothing_fits(explorer: Explorer, tables: Sequence[Table]) -> UserError:
    seen = ", ".join(f"`{table.name}`" for table in tables[:_MOST_NAMED]) or "none"
    more = f" and {len(tables) - _MOST_NAMED} more" if len(tables) > _MOST_NAMED else ""
    closed = ", ".join(f"`{name}`" for name in explorer.unreadable)
    unread = f" ({closed} cannot be read)" if closed else ""
    return UserError(
        f"{explorer.label} has no table that says which user did something with which product and when. "
        f"Received: {seen}{more}{unread}. Remedy: check that it is the right database and not empty, or "
        "write the mapping by hand (docs/database.md)."
    )


def with_stamp(fact: Fact, column: str) -> Fact:
    """Returns the fact with another column of the same table as its time."""
    return replace(fact, stamp=replace(fact.stamp, column=column))


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
