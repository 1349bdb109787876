"""What a product is, in a few words from its own row, for people who read recommendations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from schema import names
from schema.features import FeatureSet, Kind
from schema.source import ProductSource
from schema.values.members import members

_MOST_COLUMNS: Final = 3
_MOST_CHARACTERS: Final = 60


def describe_products(
    source: ProductSource, features: FeatureSet, product_ids: Iterable[str]
) -> dict[str, str]:
    """Product id -> its text columns, or else its first categories, paths or sets; empty without a row."""
    columns = _columns(features)
    if not columns:
        return {}
    rows = source.product_rows(list(product_ids))
    present = [name for name in columns if name in rows.column_names]
    return {row[names.PRODUCT_ID]: _text(row[name] for name in present) for row in rows.to_pylist()}


def description(features: FeatureSet, row: Mapping[str, Any]) -> str:
    """The same of one row; empty where it has no value of them."""
    return _text(row.get(name) for name in _columns(features))


def read_row(features: FeatureSet, row: Mapping[str, Any]) -> dict[str, Any]:
    """A product's row as people and programs read it: sets as lists, paths as lists of their beginnings."""
    columns = {column.name: column for column in features.products if column.has_members}
    return {
        name: list(members(value, columns[name])) if name in columns and value is not None else value
        for name, value in row.items()
    }


def _columns(features: FeatureSet) -> list[str]:
    for kind in (Kind.TEXT, Kind.CATEGORY, Kind.HIERARCHY, Kind.SET):
        found = [column.name for column in features.products if column.kind is kind]
        if found:
            return found[:_MOST_COLUMNS]
    return []


def _text(values: Iterable[object]) -> str:
    text = " · ".join(" ".join(str(value).split()) for value in values if value is not None)
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"
