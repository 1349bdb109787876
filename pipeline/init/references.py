"""Which column refers to which table: declared, or by name and proved by the values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.init import words
from pipeline.init.catalogue import Column, Table
from pipeline.init.exploring import Explorer

_PROBED_VALUES: Final = 200
_MIN_FOUND: Final = 0.8
_KEY_KINDS: Final = ("integer", "real", "text", "other")


@dataclass(frozen=True)
class Reference:
    """Each row of `table` belongs to at most one row of `referred`.

    Attributes:
        table: Where the reference stands.
        column: The column that refers.
        referred: The table that is referred to.
        key: Its column, unique there.
        evidence: Why we think so, for a person.
    """

    table: str
    column: str
    referred: str
    key: str
    evidence: str


def find_references(explorer: Explorer, tables: Mapping[str, Table]) -> dict[str, list[Reference]]:
    """Returns the references of each table."""
    keys = {name: key for name, table in tables.items() if (key := key_of(table)) is not None}
    keys = {name: key for name, key in keys.items() if not _is_of_another(tables[name], key, tables)}
    found: dict[str, list[Reference]] = defaultdict(list)
    for table in tables.values():
        declared = {item.column: item for item in table.foreign_keys if item.table in tables}
        for item in declared.values():
            referred = item.referred or keys.get(item.table)
            if referred:
                evidence = "declared foreign key"
                found[table.name].append(Reference(table.name, item.column, item.table, referred, evidence))
        for column in table.columns:
            is_own_key = keys.get(table.name) == column.name
            if column.name in declared or is_own_key or column.kind not in _KEY_KINDS:
                continue
            reference = _by_name(explorer, table, column, tables, keys)
            if reference is not None:
                found[table.name].append(reference)
    return dict(found)


def key_of(table: Table) -> str | None:
    """Returns the column that tells the rows of a table apart: declared, or by name and sample."""
    if len(table.key) == 1:
        return table.key[0]
    if table.key or not table.num_sampled:
        return None
    own = words.head_words(table.name)
    candidates = [column for column in table.columns if _tells_apart(table, column)]
    for column in candidates:
        if column.name.lower() == "id" or words.is_same(words.thing(column.name), own):
            return column.name
    first = table.columns[0].name
    said = set(words.thing(first))
    is_named = (_is_named_key(first) and bool(said) and said <= set(own)) or bool(
        said & words.of("item_numbers")
    )
    return first if is_named and first in [column.name for column in candidates] else None


def _is_of_another(table: Table, key: str, tables: Mapping[str, Table]) -> bool:
    """Says whether a key that nobody declared is rather a reference: `order_id` of `order_lines`."""
    thing = words.thing(key)
    if table.key or words.is_same(thing, words.head_words(table.name)):
        return False
    return any(words.is_same(thing, words.head_words(name)) for name in tables if name != table.name)


def _is_named_key(name: str) -> bool:
    return bool(set(words.tokens(name)) & words.of("key")) or len(words.thing(name)) < len(words.tokens(name))


def _tells_apart(table: Table, column: Column) -> bool:
    if column.kind not in ("integer", "text", "other") or column.num_missing:
        return False
    return len(set(map(str, column.values))) == table.num_sampled


def _by_name(
    explorer: Explorer,
    table: Table,
    column: Column,
    tables: Mapping[str, Table],
    keys: Mapping[str, str],
) -> Reference | None:
    for name in _candidates(table, column, keys):
        share = _share_found(explorer, table, column, name, keys[name], tables)
        if share is not None and share >= _MIN_FOUND:
            evidence = f"by its name; {share:.0%} of the values looked at are in `{name}`"
            return Reference(table.name, column.name, name, keys[name], evidence)
    return None


def _candidates(table: Table, column: Column, keys: Mapping[str, str]) -> Sequence[str]:
    """Tables whose name or key the column has, the best first."""
    wanted = words.thing(column.name)
    lowered = column.name.lower()
    ranked: list[tuple[int, str]] = []
    for name, key in keys.items():
        if name == table.name and key == column.name:
            continue
        own = words.head_words(name)
        if lowered == key.lower() and lowered not in ("id", "code", "key", "name", "number"):
            ranked.append((0 if words.is_same(own, wanted) else 1, name))
        elif _is_named_key(column.name) and words.is_same(wanted, own):
            ranked.append((0, name))
        elif _is_named_key(column.name) and wanted[-1:] == own[-1:] and len(own) == 1:
            ranked.append((2, name))
        elif wanted == own and len(own) == 1 and column.kind in ("integer", "other"):
            ranked.append((3, name))
    return [name for _, name in sorted(ranked)[:4]]


def _share_found(
    explorer: Explorer, table: Table, column: Column, referred: str, key: str, tables: Mapping[str, Table]
) -> float | None:
    if not column.values or not tables[referred].num_sampled:
        return None
    own, other = explorer.quote(column.name), explorer.quote(key)
    sql = (
        f"SELECT COUNT(*), COUNT(p.{other}) FROM (SELECT DISTINCT {own} AS looked_at "
        f"FROM {explorer.quote(table.name)} WHERE {own} IS NOT NULL LIMIT {_PROBED_VALUES}) c "
        f"LEFT JOIN {explorer.quote(referred)} p ON p.{other} = c.looked_at"
    )
    rows = explorer.try_fetch(sql)
    if rows is None or not rows[0][0]:
        return None
    return float(rows[0][1]) / float(rows[0][0])
