"""The SELECT of the events: who, what, when, and what else stands in the row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from pipeline.init import words
from pipeline.init.catalogue import Column, Table
from pipeline.init.day_order import format_of, swapped
from pipeline.init.exploring import Explorer
from pipeline.init.guests import find_guests
from pipeline.init.references import Reference
from pipeline.init.roles import Fact, is_milliseconds
from pipeline.init.select import Hops, ProposedTable, Select, Spot
from pipeline.init.variants import Variants
from schema import names

_BAD_STATE: Final = re.compile(
    r"cancel|void|declin|fail|draft|abandon|fraud|expired|deleted|reject|denied|disput|pending.?payment|unpaid",
    re.I,
)
_MOST_STATES: Final = 40


def propose_events(
    explorer: Explorer,
    fact: Fact,
    tables: Mapping[str, Table],
    product_key: str | None,
    variants: Variants | None = None,
) -> ProposedTable:
    """Writes the SELECT of the events of a fact.

    Args:
        explorer: The database.
        fact: Which table, and the ways from it.
        tables: All tables.
        product_key: The column of the table of products that tells products apart, if it is not the one
            that the events refer to.
        variants: How variants name the product that they belong to, if there are any.
    """
    table = tables[fact.table]
    select = Select(explorer, fact.table)
    found = ProposedTable(select)
    product = Spot(fact.product_way, product_key) if product_key else fact.product
    guests = find_guests(explorer, fact, tables, _zero(explorer, fact, tables))
    select.add(guests.user_id(select) if guests else select.at(fact.user), names.USER_ID)
    written = select.at(product)
    select.add(variants.product_id(explorer, written) if variants else written, names.PRODUCT_ID)
    _add_stamp(select, fact, tables, found)
    _add_type(select, fact, table)
    header = _header(fact, table)
    if basket := _basket(fact, table, header):
        select.add_spot(basket, names.BASKET_ID)
    _add_numbers(select, table, explorer)
    if guests:
        select.conditions.append(guests.condition(select))
        found.evidence.append(guests.evidence())
        found.has_guests = True
    if variants:
        found.evidence.append(variants.evidence())
    _add_conditions(select, fact, tables, (header, guests is not None), explorer, found)
    used = " ".join(expression for expression, _ in select.columns)
    found.left_out.update(
        {
            c.name: "not needed"
            for c in table.columns
            if f"{select.alias}.{explorer.quote(c.name)}" not in used
        }
    )
    _explain(found, fact)
    return found


def _explain(found: ProposedTable, fact: Fact) -> None:
    rows = f"{fact.num_rows:,} rows" if fact.num_rows is not None else "rows not counted"
    found.evidence.insert(0, f"`{fact.table}` ({rows}) says who, what and when.")
    mentioned: set[Reference] = set()
    for what, hops in (
        ("user", fact.user_way or fact.user.hops),
        ("product", fact.product_way or fact.product.hops),
        ("time", fact.stamp.hops),
    ):
        for hop in hops:
            if hop not in mentioned:
                mentioned.add(hop)
                found.evidence.append(
                    f"`{hop.table}.{hop.column}` refers to `{hop.referred}` ({hop.evidence}), "
                    f"on the way to the {what}."
                )


def _add_stamp(select: Select, fact: Fact, tables: Mapping[str, Table], found: ProposedTable) -> None:
    table = tables[fact.table_at(fact.stamp.hops)]
    column = table.by_name[fact.stamp.column]
    expression = select.at(fact.stamp)
    if is_milliseconds(column):
        if column.kind == "text":
            expression = f"CAST({expression} AS BIGINT)"
        select.add(f"{expression} / 1000", names.OCCURRED_AT)
        found.evidence.append(f"`{column.name}` holds milliseconds.")
    else:
        select.add(expression, names.OCCURRED_AT)
    found.stamp_format, is_open = format_of(select.explorer, table.name, column)
    if is_open and found.stamp_format:
        found.evidence.append(
            f"LOOK: `{column.name}` is read as {found.stamp_format}; its values are as well "
            f"{swapped(found.stamp_format)}."
        )
    others = [c.name for c in table.columns if c.kind == "stamp" and c.name != column.name]
    also = f"; not {', '.join(f'`{name}`' for name in others)}" if others else ""
    found.evidence.append(f"`{table.name}.{column.name}` is the time{also}.")


def _add_type(select: Select, fact: Fact, table: Table) -> None:
    for column in table.columns:
        found = set(words.tokens(column.name))
        few = 1 < len(set(column.values)) <= 30
        if column.kind == "text" and few and found & words.of("event_type") and not found & words.of("key"):
            select.add_spot(Spot((), column.name), names.EVENT_TYPE)
            return
    tables = [fact.table, *(hop.referred for hop in fact.user.hops)]
    if any(
        set(words.head_words(name)) & words.of("purchases") or _starts_like_a_purchase(name)
        for name in tables
    ):
        return
    last = words.head_words(fact.table)[-1]
    if (
        last in words.EVENTS
        and words.EVENTS[last] > 0
        and last not in ("line", "detail", "item", "event", "log", "history")
    ):
        select.add(f"'{last}'", names.EVENT_TYPE)


def _starts_like_a_purchase(table: str) -> bool:
    return any("".join(words.head_words(table)).startswith(word) for word in words.of("purchases"))


def _header(fact: Fact, table: Table) -> Hops:
    """The way to the header of a line, if the table has lines."""
    first = fact.user.hops[:1]
    is_header = first and not words.product_score(first[0].referred) and first != fact.product_way[:1]
    return first if is_header else ()


def _basket(fact: Fact, table: Table, header: Hops) -> Spot | None:
    if header:
        return Spot((), header[0].column)
    for column in table.columns:
        found = set(words.tokens(column.name))
        if (
            found & words.of("basket")
            and not found & words.of("calendar")
            and (found & words.of("key") or words.thing(column.name) != tuple(words.tokens(column.name)))
        ):
            repeated = len(set(map(str, column.values))) < len(column.values)
            if repeated and column.name not in (fact.user.column, fact.product.column):
                return Spot((), column.name)
    return None


def _add_numbers(select: Select, table: Table, explorer: Explorer) -> None:
    numeric = [column for column in table.columns if _is_number(column)]
    quantity = _first(numeric, words.of("quantity"), words.of("not_quantity"))
    price = _first(numeric, words.of("unit_price"), words.of("not_price") | words.of("rating"))
    total = (
        None
        if price
        else _first(
            numeric,
            words.of("total"),
            words.of("not_price") | words.of("quantity") | words.of("not_quantity"),
        )
    )
    rating = _first(numeric, words.of("rating"), words.of("not_price"))
    discount = next((c for c in numeric if "discount" in words.tokens(c.name) and _is_share(c)), None)

    def written(column: Column, calculated: bool) -> str:
        expression = select.at(Spot((), column.name))
        is_text = column.kind == "text"
        return f"CAST({expression} AS DOUBLE)" if calculated and is_text else expression

    if quantity:
        select.add(written(quantity, False), names.QUANTITY)
    if price and discount:
        select.add(f"{written(price, True)} * (1 - {written(discount, True)})", names.PRICE)
    elif price:
        select.add(written(price, False), names.PRICE)
    elif total and quantity:
        select.add(f"1.0 * {written(total, True)} / NULLIF({written(quantity, True)}, 0)", names.PRICE)
    elif total:
        select.add(written(total, False), names.PRICE)
    if rating:
        select.add(written(rating, False), names.RATING)


def _first(columns: Sequence[Column], wanted: frozenset[str], never: frozenset[str]) -> Column | None:
    def fits(column: Column) -> bool:
        found = set(words.tokens(column.name))
        squashed = "".join(words.tokens(column.name))
        is_named = bool(found & wanted) or any(squashed.startswith(word) for word in wanted if len(word) > 4)
        return is_named and not found & never

    return next((column for column in columns if fits(column)), None)


def _is_number(column: Column) -> bool:
    if column.kind in ("integer", "real"):
        return True
    if column.kind != "text":
        return False
    return all(re.fullmatch(r"\s*[+-]?\d+(\.\d+)?\s*", str(value)) for value in column.values)


def _is_share(column: Column) -> bool:
    return all(0 <= float(value) <= 1 for value in column.values)


def _add_conditions(
    select: Select,
    fact: Fact,
    tables: Mapping[str, Table],
    header_and_guests: tuple[Hops, bool],
    explorer: Explorer,
    found: ProposedTable,
) -> None:
    header, has_guests = header_and_guests
    for spot in (fact.product,) if has_guests else (fact.user, fact.product):
        table = tables[fact.table_at(spot.hops)]
        column = table.by_name[spot.column]
        if not column.never_null and (missing := _num_missing(explorer, table.name, column.name)):
            select.conditions.append(f"{select.at(spot)} IS NOT NULL")
            found.evidence.append(
                f"{missing:,} rows of `{table.name}` have no `{column.name}` and are left out."
            )
        if spot == fact.user and (zero := _zero(explorer, fact, tables)):
            select.conditions.append(f"{select.at(spot)} <> {zero}")
            found.evidence.append("The user 0 stands for guests and is left out.")
    for hops in dict.fromkeys([(), header]):
        table = tables[fact.table_at(hops)]
        for column in table.columns:
            condition = _condition(select, hops, table, column, explorer)
            if condition:
                select.conditions.append(condition)
                found.evidence.append(f"`{table.name}.{column.name}` says which do not count.")


def _zero(explorer: Explorer, fact: Fact, tables: Mapping[str, Table]) -> str | None:
    """How the user 0 is written if events have it though there is no such user."""
    column = tables[fact.table_at(fact.user.hops)].by_name[fact.user.column]
    if not fact.user_way or all(str(value) != "0" for value in column.values):
        return None
    last = fact.user_way[-1]
    zero = "'0'" if column.kind == "text" else "0"
    rows = explorer.try_fetch(
        f"SELECT COUNT(*) FROM {explorer.quote(last.referred)} WHERE {explorer.quote(last.key)} = {zero}"
    )
    return zero if rows is not None and not rows[0][0] else None


def _num_missing(explorer: Explorer, table: str, column: str) -> int:
    rows = explorer.fetch(
        f"SELECT COUNT(*) FROM {explorer.quote(table)} WHERE {explorer.quote(column)} IS NULL"
    )
    return int(rows[0][0])


def _condition(select: Select, hops: Hops, table: Table, column: Column, explorer: Explorer) -> str | None:
    found = words.tokens(column.name)
    written = select.at(Spot(hops, column.name))
    is_gone = bool(words.of("cancelled") & set(found))
    if is_gone and (column.kind in ("stamp", "empty")) and ({"at", "on", "date"} & set(found)):
        return f"{written} IS NULL"
    if is_gone and column.kind == "bool":
        return f"NOT COALESCE({written}, FALSE)"
    if is_gone and column.kind == "integer" and set(column.values) <= {0, 1}:
        return f"COALESCE({written}, 0) = 0"
    if column.kind != "text" or found[-1] not in ("status", "state"):
        return None
    rows = explorer.try_fetch(
        f"SELECT DISTINCT {explorer.quote(column.name)} FROM {explorer.quote(table.name)} "
        f"LIMIT {_MOST_STATES + 1}"
    )
    states = sorted(str(row[0]) for row in rows or () if row[0] is not None)
    bad = [state for state in states if _BAD_STATE.search(state)]
    if not bad or len(states) > _MOST_STATES:
        return None
    listed = ", ".join("'" + state.replace("'", "''") + "'" for state in bad)
    return f"({written} IS NULL OR {written} NOT IN ({listed}))"
