"""What a request may ask of a list beside its length: filters, preferences and diversity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from serving.pushed_model import Items

Rows = Mapping[str, Mapping[str, Any]]
"""Product id -> its row in the database."""


def matching(items: Items, rows: Rows, wanted: Mapping[str, Any]) -> Items:
    """The items whose row has each of the wanted values; a list stands for any of its values."""
    return [item for item in items if all(_has(rows, item, column, wanted[column]) for column in wanted)]


def preferred(items: Items, rows: Rows, wanted: Mapping[str, Any]) -> Items:
    """The items with the most of the wanted values first, otherwise in their order."""
    return sorted(items, key=lambda item: -sum(_has(rows, item, column, wanted[column]) for column in wanted))


def diversified(items: Items, rows: Rows, columns: Sequence[str], strength: float, top_k: int) -> Items:
    """Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998) over the products' categories.

    Args:
        items: Best first.
        rows: Rows of the items' products.
        columns: Category columns; two products are as alike as the share of them with equal values.
        strength: 0 keeps the order, 1 looks at likeness alone.
        top_k: Items to choose.

    Returns:
        The chosen items; relevance is 1 for the first and falls evenly to 0 at the last.
    """
    if not strength or not columns:
        return items[:top_k]
    relevance = {id(item): 1 - place / max(len(items) - 1, 1) for place, item in enumerate(items)}
    values = {id(item): [rows.get(item["product_id"], {}).get(name) for name in columns] for item in items}
    likeness = {id(item): 0.0 for item in items}
    left = list(items)
    chosen: Items = []
    while left and len(chosen) < top_k:
        best = max(
            left, key=lambda item: (1 - strength) * relevance[id(item)] - strength * likeness[id(item)]
        )
        left.remove(best)
        chosen.append(best)
        for item in left:
            likeness[id(item)] = max(likeness[id(item)], _alike(values[id(item)], values[id(best)]))
    return chosen


def renumbered(items: Items) -> Items:
    """Ranks from 1."""
    return [{**item, "rank": number} for number, item in enumerate(items, 1)]


def _has(rows: Rows, item: Mapping[str, Any], column: str, wanted: Any) -> bool:
    value = rows.get(str(item["product_id"]), {}).get(column)
    choices = wanted if isinstance(wanted, list) else [wanted]
    return value is not None and any(_same(value, choice) for choice in choices)


def _same(value: Any, wanted: Any) -> bool:
    numbers = isinstance(value, bool | int | float) and isinstance(wanted, bool | int | float)
    return value == wanted if numbers else str(value) == str(wanted)


def _alike(first: Sequence[Any], second: Sequence[Any]) -> float:
    same = sum(1 for a, b in zip(first, second, strict=True) if a is not None and a == b)
    return same / len(first)
