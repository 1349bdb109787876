"""Recognises shop systems by their tables, and fills in their tested mappings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from pipeline.init.catalogue import Table
from pipeline.init.exploring import Explorer
from schema.source.queries import fill_in

_FOLDER: Final = "pipeline.init.shops"


@dataclass(frozen=True)
class KnownShop:
    """A shop system that was recognised.

    Attributes:
        key: Name in `known.yaml`.
        title: What it is called.
        prefix: What stands before the names of its tables.
    """

    key: str
    title: str
    prefix: str


def titles() -> dict[str, str]:
    """Returns name -> title of all shop systems."""
    return {key: shop["title"] for key, shop in _known().items()}


def recognise(tables: Sequence[Table], dialect: str) -> KnownShop | None:
    """Returns the shop system whose tables these are, or None.

    Args:
        tables: What is in the database.
        dialect: Kind of the database.
    """
    by_name = {table.name.lower(): table for table in tables}
    for key, shop in _known().items():
        if dialect not in shop["databases"]:
            continue
        for prefix in _prefixes(by_name, next(iter(shop["tables"]))):
            if _fits(shop, by_name, prefix):
                return KnownShop(key, shop["title"], prefix)
    return None


def mapping_of(shop: KnownShop, url: str, explorer: Explorer | None = None) -> str:
    """Returns the mapping of a shop system as YAML.

    Args:
        shop: Which one.
        url: What to write as its address; without a password.
        explorer: The database, where language, currency and the like are looked up; without it the
            mapping has the defaults.
    """
    described = _known()[shop.key]
    values = {**described["defaults"], "prefix": shop.prefix}
    for name, query in described.get("lookups", {}).items() if explorer is not None else ():
        found = explorer.try_fetch(fill_in(query, {"prefix": shop.prefix}, name)) if explorer else None
        if found and found[0][0] not in (None, ""):
            values[name] = found[0][0]
    text = _read(f"{described.get('file', shop.key)}.yaml")
    return re.sub(r"<(\w+)>", lambda found: scalar(url if found[1] == "url" else values[found[1]]), text)


def default_mapping(key: str, url: str) -> str:
    """Returns the mapping of a shop system with the names that a new installation has."""
    described = _known()[key]
    return mapping_of(KnownShop(key, described["title"], described["defaults"]["prefix"]), url)


def scalar(value: Any) -> str:
    """Returns a value as it is written in YAML, in one line."""
    import yaml

    return str(yaml.safe_dump(value, width=10_000)).removesuffix("...\n").strip()


def _prefixes(by_name: Mapping[str, Table], table: str) -> Iterator[str]:
    yield from (name.removesuffix(table) for name in sorted(by_name, key=len) if name.endswith(table))


def _fits(shop: Mapping[str, Any], by_name: Mapping[str, Table], prefix: str) -> bool:
    for name, columns in shop["tables"].items():
        table = by_name.get(f"{prefix}{name}")
        if table is None or not table.has(columns):
            return False
    for name in shop.get("filled", ()):
        if not by_name[f"{prefix}{name}"].num_sampled:
            return False
    for path, kind in shop.get("kinds", {}).items():
        name, column = path.split(".")
        if by_name[f"{prefix}{name}"].by_name[column].kind != kind:
            return False
    return True


@lru_cache(maxsize=1)
def _known() -> dict[str, Any]:
    import yaml

    known: dict[str, Any] = yaml.safe_load(_read("known.yaml"))
    return known


def _read(name: str) -> str:
    return resources.files(_FOLDER).joinpath(name).read_text(encoding="utf-8")
