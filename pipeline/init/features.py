"""The SELECTs of products and users: their own columns, and the names of what they refer to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pipeline.init import words
from pipeline.init.catalogue import Column, Table
from pipeline.init.exploring import Explorer
from pipeline.init.references import Reference
from pipeline.init.roles import ways
from pipeline.init.select import Hops, ProposedTable, Select, Spot
from schema import names

References = Mapping[str, Sequence[Reference]]

_MOST_JOINED: Final = 12
_LONG: Final = 5_000
_SEARCH_INDEX: Final = re.compile(r"^'[^']+':\d")
"""How PostgreSQL writes a tsvector."""


def propose_products(
    explorer: Explorer,
    name: str,
    key: str,
    tables: Mapping[str, Table],
    references: References,
    newest: str | None,
) -> ProposedTable:
    """Writes the SELECT of the products.

    Args:
        explorer: The database.
        name: The table.
        key: The column that tells products apart.
        tables: All tables.
        references: The references of each.
        newest: Column by which the newest of several rows of a product is chosen, if there are several.
    """
    table = tables[name]
    source = None
    if newest is not None:
        quote = explorer.quote
        source = (
            f"(SELECT p.*, ROW_NUMBER() OVER (PARTITION BY {quote(key)} ORDER BY {quote(newest)} DESC) "
            f"AS newest_row\n  FROM {quote(name)} p)"
        )
    select = Select(explorer, name, is_outer=True, source=source)
    found = ProposedTable(
        select, [f"`{name}` is what the events refer to; `{key}` tells the products apart."]
    )
    if newest is not None:
        select.conditions.append(f"{select.alias}.newest_row = 1")
        found.evidence.append(f"A product has several rows; the newest by `{newest}` counts.")
    select.add_spot(Spot((), key), names.PRODUCT_ID)
    taken = {names.PRODUCT_ID, names.AVAILABLE, names.CREATED_AT}
    used = {key} | _add_meanings(select, table, found)
    referring = {reference.column for reference in references.get(name, ())}
    for column in table.columns:
        reason = _unfit(column, table, referring)
        if column.name in used:
            continue
        if reason:
            found.left_out[column.name] = reason
        else:
            select.add_spot(Spot((), column.name), _free(column.name, taken))
    _add_referred(select, name, tables, references, taken)
    _add_linked(select, name, key, tables, references, taken)
    return found


def propose_users(
    explorer: Explorer, name: str, key: str, tables: Mapping[str, Table], references: References
) -> ProposedTable:
    """Writes the SELECT of the users, without what says who they are."""
    table = tables[name]
    select = Select(explorer, name, is_outer=True)
    found = ProposedTable(select, [f"`{name}` is what the events refer to; `{key}` is the user."])
    select.add_spot(Spot((), key), names.USER_ID)
    taken = {names.USER_ID}
    referring = {reference.column for reference in references.get(name, ())}
    for column in table.columns:
        if column.name == key:
            continue
        reason = _unfit(column, table, referring) or _identifier(column, table)
        if reason is None and _is_personal(column):
            found.personal.append(column.name)
        elif reason is not None and not words.is_personal(column.name):
            found.left_out[column.name] = reason
        elif reason is not None:
            found.personal += [] if column.name in referring else [column.name]
        else:
            select.add_spot(Spot((), column.name), _free(column.name, taken))
    for hops, column in _about(name, tables, references):
        referred = tables[hops[-1].referred]
        if _is_place(column, referred):
            full = (
                column.name
                if set(words.tokens(column.name)) & words.of("geography")
                else _full_name(hops, column)
            )
            select.add_spot(Spot(hops, column.name), _free(full, taken))
        elif words.is_personal(column.name) and column.name != hops[-1].key:
            found.personal.append(f"{referred.name}.{column.name}")
    return found


def _identifier(column: Column, table: Table) -> str | None:
    """Says that a column is another id of a user, if it is."""
    is_named = bool(set(words.tokens(column.name)) & words.of("key"))
    is_unique = len(set(map(str, column.values))) == table.num_sampled > 1
    return "another id of the user" if is_named and is_unique else None


def _is_personal(column: Column) -> bool:
    return words.is_personal(column.name) or any(words.is_mail(value) for value in column.values[:20])


def _is_place(column: Column, table: Table) -> bool:
    """Says whether a column of a table behind the users names a place or a group, and no person."""
    found = set(words.tokens(column.name))
    if column.kind != "text" or _unfit(column, table, set()):
        return False
    is_lookup = not any(
        words.is_personal(c.name) for c in table.columns if "name" not in words.tokens(c.name)
    )
    return bool(found & words.of("geography")) or (is_lookup and bool(found & words.of("names")))


def _about(name: str, tables: Mapping[str, Table], references: References) -> Iterator[tuple[Hops, Column]]:
    people = {other: 1 for other in tables if words.user_score(other)}
    for hops in ways(name, references, people, blocked=words.of("not_about_users")):
        last = words.head_words(hops[-1].referred)[-1]
        if hops[-1].referred in people or last in words.of("not_about_users"):
            continue
        yield from ((hops, column) for column in tables[hops[-1].referred].columns)


def _add_meanings(select: Select, table: Table, found: ProposedTable) -> set[str]:
    """Adds `available` and `created_at`; returns the columns used up."""
    used: set[str] = set()
    for column in sorted(table.columns, key=_is_stock):
        expression = _availability(column, select.at(Spot((), column.name)))
        if expression:
            select.add(expression, names.AVAILABLE)
            found.evidence.append(f"`{column.name}` says whether a product can be bought.")
            used |= set() if _is_stock(column) else {column.name}
            break
    for column in table.columns:
        found_words = words.tokens(column.name)
        if column.kind == "stamp" and column.stamp_format is None and set(found_words) & words.of("created"):
            select.add_spot(Spot((), column.name), names.CREATED_AT)
            return used | {column.name}
    return used


def _is_stock(column: Column) -> bool:
    named = "".join(words.tokens(column.name)).replace("unit", "units") in words.of("stock")
    return named and column.kind in ("integer", "real")


def _availability(column: Column, expression: str) -> str | None:
    last = words.tokens(column.name)[-1]
    values = {str(value).lower() for value in column.values}
    is_flag = bool(values) and values <= {"0", "1", "true", "false", "t", "f", "y", "n", "yes", "no"}
    if is_flag and last in words.of("available"):
        return expression
    if is_flag and last in words.of("gone"):
        if column.kind == "bool":
            return f"NOT {expression}"
        if column.kind == "integer":
            return f"{expression} = 0"
        return f"LOWER({expression}) IN ('0', 'false', 'f', 'n', 'no')"
    if _is_stock(column):
        return f"{expression} > 0"
    return None


def _unfit(column: Column, table: Table, referring: set[str]) -> str | None:
    """Says why a column is no feature, if it is none."""
    found = words.tokens(column.name)
    if column.kind == "empty":
        return "no values"
    if column.kind == "binary":
        return "binary"
    if column.kind == "stamp":
        return "a time"
    is_meaningful = column.kind == "text" and len(set(column.values)) < len(column.values)
    if (column.name in referring and not is_meaningful) or table.key == (column.name,):
        return "a reference"
    if all(_SEARCH_INDEX.match(str(value)) for value in column.values[:20]):
        return "an index for search"
    if words.is_mail(column.values[0]) or {"password", "token", "secret"} & set(found):
        return "personal"
    if any(len(str(value)) > _LONG for value in column.values[:20]):
        return "very long"
    language = next((word for word in found if word in words.LANGUAGES), None)
    if language and language != words.LANGUAGES[0]:
        english = [tuple("english" if word == language else word for word in found)]
        if any(words.tokens(other.name) in english for other in table.columns):
            return "another language"
    return None


def _add_referred(
    select: Select, name: str, tables: Mapping[str, Table], references: References, taken: set[str]
) -> None:
    """Adds names of what the products refer to: categories, brands, suppliers, and what those refer to."""
    stop = {other: 1 for other in tables if words.user_score(other)}
    for hops in [*ways(name, references, stop, 2), *_parents(name, references)][:_MOST_JOINED]:
        referred = hops[-1].referred
        if referred in stop or words.head_words(referred)[-1] in ("employee", "staff", "store", "address"):
            continue
        for column in _naming(tables[referred]):
            select.add_spot(Spot(hops, column.name), _free(_full_name(hops, column), taken))


def _parents(name: str, references: References) -> Iterator[Hops]:
    """Ways to the parent of a category, which stands in the same table."""
    for first in references.get(name, ()):
        for second in references.get(first.referred, ()):
            if second.referred == first.referred:
                yield (first, second)


def _naming(table: Table) -> list[Column]:
    usable = [
        column for column in table.columns if column.kind == "text" and _unfit(column, table, set()) is None
    ]
    named = [column for column in usable if set(words.tokens(column.name)) & words.of("names")]
    if not named:
        personal = [column for column in usable if words.is_personal(column.name)]
        named = [column for column in usable if column not in personal and len(usable) <= 6]
    return [column for column in named if not {"first", "last", "contact"} & set(words.tokens(column.name))][
        :4
    ]


def _add_linked(
    select: Select, name: str, key: str, tables: Mapping[str, Table], references: References, taken: set[str]
) -> None:
    """Adds, in one text, the names of what products have several of: categories, tags, playlists."""
    quote = select.explorer.quote
    for table, referring in references.items():
        to_product = [
            reference for reference in referring if reference.referred == name and reference.key == key
        ]
        others = [reference for reference in referring if reference.referred != name]
        if len(to_product) != 1 or len(others) != 1 or len(tables[table].columns) > 5:
            continue
        other = others[0]
        last = words.head_words(other.referred)[-1]
        if (
            words.user_score(other.referred)
            or last in ("store", "order", "language")
            or words.event_score(other.referred) > 0
        ):
            continue
        column = next(iter(_naming(tables[other.referred])), None)
        if column is None:
            continue
        value = f"b.{quote(column.name)}"
        listed = {
            "mysql": f"GROUP_CONCAT({value} ORDER BY {value} SEPARATOR ', ')",
            "sqlite": f"GROUP_CONCAT({value}, ', ')",
        }.get(select.explorer.dialect, f"STRING_AGG({value}, ', ' ORDER BY {value})")
        select.add(
            f"(SELECT {listed} FROM {quote(table)} a JOIN {quote(other.referred)} b\n"
            f"    ON b.{quote(other.key)} = a.{quote(other.column)}\n"
            f"    WHERE a.{quote(to_product[0].column)} = {select.alias}.{quote(key)})",
            _free("_".join(words.head_words(other.referred)), taken),
        )


def _full_name(hops: Hops, column: Column) -> str:
    """`name` of `categories` is called `category`; `country` of `countries` stays what it is."""
    thing = words.head_words(hops[-1].referred)
    own = words.tokens(column.name)
    is_parent = len(hops) > 1 and hops[-1].referred == hops[-2].referred
    start = "parent_" if is_parent else ""
    if own in (("name",), ("title",), ("label",)):
        return start + "_".join(thing)
    return start + (column.name if set(own) & set(thing) else "_".join((*thing, *own)))


def _free(name: str, taken: set[str]) -> str:
    """A name of its own for an output column."""
    candidates = [name, *(f"{name}_{number}" for number in range(2, 100))]
    chosen = next(candidate for candidate in candidates if candidate.lower() not in taken)
    taken.add(chosen.lower())
    return chosen
