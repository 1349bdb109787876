"""What the users of a segment buy: those with the same value of a user column of categories."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.features import FeatureSet, Kind

MIN_USERS = 10
"""Users of a segment below which its purchases say little."""
MAX_VALUES = 100
"""Segments of a column, the largest ones."""
LONGEST = 200

Segments = dict[str, dict[str, list[list[Any]]]]


def segment_lists(events: pa.Table, user_rows: pa.Table, features: FeatureSet, shown: pa.Array) -> Segments:
    """Column -> value -> pairs of a product and its share of the segment's buyers, best first.

    A user counts once for a product, however often they buy it.

    Args:
        events: Of the last window: user_id, product_id and weight; only those of positive weight count.
        user_rows: `user_id` and the feature columns of users.
        features: Feature columns; those of categories make segments.
        shown: Ids of the products that may be recommended.
    """
    bought = events.filter(pc.greater(events[names.WEIGHT], 0)).select([names.USER_ID, names.PRODUCT_ID])
    bought = pa.table({name: bought[name].cast(pa.string()) for name in bought.column_names})
    bought = bought.filter(pc.is_in(bought[names.PRODUCT_ID], value_set=shown))
    bought = bought.group_by([names.USER_ID, names.PRODUCT_ID]).aggregate([])
    found: Segments = {}
    for raw, column in features.user_columns().items():
        if column.kind is not Kind.CATEGORY or not len(bought):
            continue
        row = pc.index_in(bought[names.USER_ID], value_set=user_rows[names.USER_ID].combine_chunks())
        value = user_rows[raw].take(row)
        found[column.name] = _lists(bought.append_column("value", value).filter(pc.is_valid(value)))
    return found


def _lists(bought: pa.Table) -> dict[str, list[list[Any]]]:
    if not len(bought):
        return {}
    users = (
        bought.group_by(["value", names.USER_ID])
        .aggregate([])
        .group_by("value")
        .aggregate([([], "count_all")])
    )
    users = users.filter(pc.greater_equal(users["count_all"], MIN_USERS))
    users = users.sort_by([("count_all", "descending"), ("value", "ascending")])[:MAX_VALUES]
    counts = bought.group_by(["value", names.PRODUCT_ID]).aggregate([([], "count_all")])
    lists = {}
    for value, buyers in zip(*(users[name].to_pylist() for name in ("value", "count_all")), strict=True):
        mine = counts.filter(pc.equal(counts["value"], value))
        mine = mine.sort_by([("count_all", "descending"), (names.PRODUCT_ID, "ascending")])[:LONGEST]
        shares = np.round(mine["count_all"].to_numpy() / buyers, 6).tolist()
        lists[value] = [list(pair) for pair in zip(mine[names.PRODUCT_ID].to_pylist(), shares, strict=True)]
    return lists
