"""From the outputs of the signature `recommend` to the items of an answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from schema import names
from serving.model.reasons import reason

Items = list[dict[str, Any]]
Columns = dict[str, npt.NDArray[Any]]

_FIELDS: Final = (
    "score",
    "source",
    "times_bought",
    "days_since_last",
    "usual_interval_days",
    "neighbour_of",
    "pinned_by",
    "relaxed",
)
_STAGES: Final = ("two_tower", "preranker", "ranker")
"""Stages whose scores are told beside the final one."""


class Ranked:
    """What a model recommends to a batch of queries.

    Args:
        columns: Outputs of the signature `[batch, top_k]` each; older models lack some.
        strangers: Which users have no history `[batch]`.
    """

    def __init__(self, columns: Columns, strangers: Sequence[bool]) -> None:
        self._columns, self._strangers = columns, strangers

    def product_ids(self, row: int) -> list[str]:
        """The products of a list, best first."""
        return [product_id.decode() for product_id in self._columns[names.PRODUCT_ID][row] if product_id]

    def items(self, row: int, chosen: Sequence[int] | npt.NDArray[np.int64] | None = None) -> Items:
        """The items of a list: rank, product_id, score, source, reason, scores, propensity.

        Args:
            row: Of the batch.
            chosen: Positions among `product_ids`, in the order that is wanted; all by default.
        """
        slots = np.flatnonzero(self._columns[names.PRODUCT_ID][row] != b"")
        slots = slots if chosen is None else slots[np.asarray(chosen, np.int64)]
        taken = {name: values[row, slots].tolist() for name, values in self._columns.items()}
        return [_item(taken, number, self._strangers[row]) for number in range(len(slots))]


def renumbered(items: Items) -> Items:
    """The same items with ranks from 1 on."""
    return [{**item, "rank": rank} for rank, item in enumerate(items, 1)]


def plain(value: Any) -> Any:
    """A value as JSON holds it: text for bytes, null for NaN."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def plain_items(columns: dict[str, list[Any]]) -> Items:
    """The first row of columns, without the places of a short list, with ranks."""
    rows = zip(*(columns[name][0] for name in columns), strict=True)
    items = [dict(zip(columns, map(plain, row), strict=True)) for row in rows]
    kept = (item for item in items if item[names.PRODUCT_ID])
    return [{"rank": number, **item} for number, item in enumerate(kept, 1)]


def _item(columns: dict[str, list[Any]], number: int, is_stranger: bool) -> dict[str, Any]:
    found: dict[str, Any] = {name: plain(columns[name][number]) for name in _FIELDS if name in columns}
    item: dict[str, Any] = {
        "rank": number + 1,
        "product_id": plain(columns[names.PRODUCT_ID][number]),
        "score": found["score"],
        "source": found["source"],
        "reason": reason({**found, "is_stranger": is_stranger}),
    }
    scores = {name: plain(columns[f"{name}_score"][number]) for name in _STAGES if f"{name}_score" in columns}
    if scores:
        item["scores"] = scores
    if "propensity" in columns:
        item["propensity"] = plain(columns["propensity"][number])
    return item
