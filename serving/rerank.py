"""What a request may ask of a list beside its length: filters, preferences and diversity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from serving.pushed_model import Items

Rows = Mapping[str, Mapping[str, Any]]
"""Product id -> its row in the database."""


def matching(items: Items, rows: Rows, wanted: Mapping[str, Any]) -> Items:
    """The items whose row has each of the wanted values; a list stands for any of its values."""
    return [item for item in items if all(_has(rows, item, column, wanted[column]) for column in wanted)]


def preferred(items: Items, rows: Rows, wanted: Mapping[str, Any]) -> Items:
    """The items with the most of the wanted values first, otherwise in their order."""
    return sorted(items, key=lambda item: -sum(_has(rows, item, column, wanted[column]) for column in wanted))


def unlike(codes: np.ndarray, strength: float, top_k: int) -> list[int]:
    """Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998) over the products' categories.

    Args:
        codes: Of the categories of each item, best first, -1 where one is missing, int `[items, columns]`;
            two items are as alike as the share of the columns with equal values.
        strength: 0 keeps the order, 1 looks at likeness alone.
        top_k: Items to choose.

    Returns:
        The places of the chosen items; relevance is 1 for the first and falls evenly to 0 at the last.
    """
    size, num_columns = codes.shape
    if not num_columns:
        return list(range(min(top_k, size)))
    relevance = 1 - np.arange(size) / max(size - 1, 1)
    likeness, chosen = np.zeros(size), list[int]()
    for _ in range(min(top_k, size)):
        value = (1 - strength) * relevance - strength * likeness
        value[chosen] = -np.inf
        best = int(value.argmax())
        chosen.append(best)
        same = (codes == codes[best]) & (codes[best] >= 0)
        likeness = np.maximum(likeness, same.sum(axis=1) / num_columns)
    return chosen


def codes_of_rows(product_ids: Sequence[str], rows: Rows, columns: Sequence[str]) -> np.ndarray:
    """Codes of the categories in the database, -1 where one is missing, int `[items, columns]`."""
    found = [_codes([rows.get(product_id, {}).get(name) for product_id in product_ids]) for name in columns]
    return np.stack(found, axis=1) if found else np.zeros((len(product_ids), 0), np.int64)


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


def _codes(values: Sequence[Any]) -> np.ndarray:
    """A number for each distinct value, -1 for none."""
    known: dict[Any, int] = {}
    return np.array([-1 if value is None else known.setdefault(value, len(known)) for value in values])
