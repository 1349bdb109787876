"""Which table holds events, which way leads from it to users, products and a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.init import words
from pipeline.init.catalogue import Column, Table
from pipeline.init.exploring import Explorer
from pipeline.init.references import Reference
from pipeline.init.select import Hops, Spot

_MOST_HOPS: Final = 3
_MOST_COUNTED: Final = 6
_BY_COLUMN: Final = 5
_EPOCH: Final = (10**8, 5 * 10**9)
_EPOCH_MS: Final = (10**11, 5 * 10**12)


@dataclass(frozen=True)
class Fact:
    """A table of events with what it takes.

    Attributes:
        table: Its name.
        user: Where the user's id stands.
        users: The table of users, if there is one.
        user_way: The way to the row of the user, if there is one.
        product: Where the product's id stands.
        products: The table of products, if there is one.
        product_way: The way to the row of the product, if there is one.
        stamp: Where the time stands.
        score: How well it fits.
        num_rows: How many rows it has, where they were counted.
    """

    table: str
    user: Spot
    users: str | None
    user_way: Hops
    product: Spot
    products: str | None
    product_way: Hops
    stamp: Spot
    score: float
    num_rows: int | None = None

    def table_at(self, hops: Hops) -> str:
        """Name of the table at the end of a way from the events."""
        return hops[-1].referred if hops else self.table


def find_facts(
    explorer: Explorer, tables: Mapping[str, Table], references: Mapping[str, Sequence[Reference]]
) -> list[Fact]:
    """Returns the tables that may be events, the best first."""
    facts = [fact for table in tables.values() if (fact := _fact(table, tables, references)) is not None]
    strict = [fact for fact in facts if not _is_thing(fact.table)]
    ranked = sorted(strict or facts, key=lambda fact: (-fact.score, fact.table))
    counted = [_counted(explorer, fact) for fact in ranked[:_MOST_COUNTED]]
    return sorted(counted, key=lambda fact: (-fact.score, fact.table)) + ranked[_MOST_COUNTED:]


def stamps_of(table: Table) -> list[tuple[int, Column]]:
    """Returns the columns of a table that are points in time, the likeliest first."""
    found = [(_stamp_score(column), column) for column in table.columns if _is_stamp(column)]
    return sorted(found, key=lambda pair: -pair[0])


def is_milliseconds(column: Column) -> bool:
    """Says whether a column holds milliseconds since 1970."""
    return column.kind in ("integer", "real", "text") and _all_between(column, _EPOCH_MS)


def ways(
    start: str,
    references: Mapping[str, Sequence[Reference]],
    stop: Mapping[str, int],
    most_hops: int = _MOST_HOPS,
    blocked: frozenset[str] = frozenset(),
) -> Iterator[Hops]:
    """Yields the shortest way to every table that can be reached.

    Args:
        start: The first table.
        references: The references of each table.
        stop: Tables behind which no way leads on.
        most_hops: Length of the longest way.
        blocked: Last words of names of tables behind which no way leads on.
    """
    seen, level = {start}, [((), start)]
    for _ in range(most_hops):
        following: list[tuple[Hops, str]] = []
        for hops, table in level:
            if hops and stop.get(table, 0) > 0:
                continue
            for reference in references.get(table, ()):
                if reference.referred in seen:
                    continue
                way: Hops = (*hops, reference)
                seen.add(reference.referred)
                yield way
                if words.head_words(reference.referred)[-1] not in blocked:
                    following.append((way, reference.referred))
        level = following  # type: ignore[assignment]


def _fact(
    table: Table, tables: Mapping[str, Table], references: Mapping[str, Sequence[Reference]]
) -> Fact | None:
    if not table.num_sampled:
        return None
    both = {name: max(words.user_score(name), words.product_score(name)) for name in tables}
    reached = list(ways(table.name, references, both, blocked=words.of("not_users")))
    user = _best(reached, words.user_score, words.USERS, tables)
    product = _best(reached, words.product_score, words.PRODUCTS, tables)
    user_spot = _own_key(user) if user else _column_like(table, reached, tables, words.USERS)
    product_spot = _own_key(product) if product else _column_like(table, reached, tables, words.PRODUCTS)
    stamp = _stamp(table, reached, tables)
    if user_spot is None or product_spot is None or stamp is None or user_spot == product_spot:
        return None
    total = float(words.event_score(table.name)) - len(product or ()) - len(user or ()) - 2 * len(stamp.hops)
    total += max((words.event_score(hop.referred) / 4 for hop in user_spot.hops), default=0.0)
    total += (4 if user else 0) + (4 if product else 0)
    return Fact(
        table.name,
        user_spot,
        user[-1].referred if user else None,
        user or (),
        product_spot,
        product[-1].referred if product else None,
        product or (),
        stamp,
        total,
    )


def _best(
    reached: Sequence[Hops], score: object, named: Mapping[str, int], tables: Mapping[str, Table]
) -> Hops | None:
    ranked = []
    for way in reached:
        last = way[-1]
        value = score(last.referred)  # type: ignore[operator]
        thing = words.thing(last.column)
        is_other = words.head_words(last.referred)[-1] in (
            words.of("not_users") if named is words.USERS else words.of("not_products")
        )
        if not value and thing and thing[-1] in named and not is_other:
            value = _BY_COLUMN
        if not value and named is words.USERS and not is_other and _num_personal(tables[last.referred]) >= 2:
            value = 2
        if value and tables[last.referred].num_sampled:
            ranked.append((value - 2 * (len(way) - 1), way))
    return max(ranked, key=lambda pair: pair[0])[1] if ranked else None


def _num_personal(table: Table) -> int:
    return sum(
        words.is_personal(column.name)
        for column in table.columns
        if "name" not in words.tokens(column.name)[:1]
    )


def _own_key(way: Hops) -> Spot:
    """The id stands where the last reference stands already."""
    return Spot(way[:-1], way[-1].column)


def _column_like(
    table: Table, reached: Sequence[Hops], tables: Mapping[str, Table], named: Mapping[str, int]
) -> Spot | None:
    """A column that is named like an id of users or products, though no table is behind it."""
    in_reach: list[tuple[Hops, Table]] = [((), table), *((way, tables[way[-1].referred]) for way in reached)]
    for hops, near in in_reach:
        if hops and not words.event_score(near.name):
            continue
        ranked = [
            (value, -index, column)
            for index, column in enumerate(near.columns)
            if column.kind in ("integer", "text", "other") and (value := _likeness(column.name, named))
        ]
        if ranked:
            return Spot(hops, max(ranked, key=lambda item: item[:2])[2].name)
    return None


def _likeness(column: str, named: Mapping[str, int]) -> int:
    found = words.tokens(column)
    thing = words.thing(column)
    if not thing:
        return 0
    is_key = bool(set(found) & words.of("key")) or thing != found
    last = named.get(thing[-1], 0)
    if named is words.PRODUCTS and set(found) & words.of("item_numbers"):
        last = max(last, 7)
    return last + 5 if last and is_key else last if last and len(found) == 1 else 0


def _is_thing(table: str) -> bool:
    return max(words.user_score(table), words.product_score(table)) > 0


def _counted(explorer: Explorer, fact: Fact) -> Fact:
    rows = explorer.try_fetch(f"SELECT COUNT(*) FROM {explorer.quote(fact.table)}")
    count = int(rows[0][0]) if rows else 0
    score = fact.score + math.log10(1 + count)
    return Fact(**{**fact.__dict__, "score": score, "num_rows": count})


def _stamp(table: Table, reached: Sequence[Hops], tables: Mapping[str, Table]) -> Spot | None:
    in_reach: list[tuple[Hops, Table]] = [((), table), *((way, tables[way[-1].referred]) for way in reached)]
    ranked = []
    for order, (hops, near) in enumerate(in_reach):
        if hops and _is_thing(near.name):
            continue
        named = words.event_score(near.name) > 0 or bool(words.of("calendar") & set(words.tokens(near.name)))
        if hops and not named:
            continue
        ranked += [
            (score - 3 * len(hops), -order, Spot(hops, column.name)) for score, column in stamps_of(near)
        ]
    best = max(ranked, key=lambda item: item[:2]) if ranked else None
    return best[2] if best else None


def _is_stamp(column: Column) -> bool:
    if column.kind == "stamp":
        return True
    named = set(words.tokens(column.name)) & (words.of("time") | words.of("epoch"))
    is_epoch = _all_between(column, _EPOCH) or _all_between(column, _EPOCH_MS)
    return bool(named) and column.kind in ("integer", "real", "text") and is_epoch


def _all_between(column: Column, bounds: tuple[int, int]) -> bool:
    try:
        return bool(column.values) and all(bounds[0] <= float(value) < bounds[1] for value in column.values)
    except (TypeError, ValueError):
        return False


def _stamp_score(column: Column) -> int:
    found = set(words.tokens(column.name))
    total = 3 * len(found & words.of("time")) - 6 * len(found & words.of("not_time"))
    return total - (4 if column.num_missing > len(column.values) else 0)
