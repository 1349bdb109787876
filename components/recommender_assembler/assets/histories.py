"""The snapshot that is pushed with a model: histories and features of its users, and what segments buy.

`assets.extra/histories/` holds Arrow IPC files that the server maps into memory instead of reading them:

- `users.arrow`: users sorted by id, with `products` (rows of `products.arrow`), `times`, `types` and the
  feature columns `user__<name>`, in batches of at most 65,536 users;
- `products.arrow`: ids of the products;
- `segments.json`: column -> value -> products by their share of the segment's purchases in the last window.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.interactions.files import read_interactions
from schema import names
from schema.features import FeatureSet, Kind
from schema.windows import TimeWindows

_USERS_AT_ONCE = 65_536
_COLUMNS = [names.USER_ID, names.PRODUCT_ID, names.OCCURRED_AT, names.EVENT_TYPE, names.WEIGHT]
_CODED = [names.USER_ID, names.PRODUCT_ID, names.EVENT_TYPE]


def write_histories(
    interactions: Path,
    user_rows: pa.Table,
    target: Path,
    features: FeatureSet,
    history_length: int,
    windows: TimeWindows,
    shown: pa.Array,
) -> None:
    """Writes the snapshot.

    Args:
        interactions: Folder of the Interactions artifact.
        user_rows: `user_id` and the feature columns of users (`read_user_rows`).
        target: The folder to make.
        features: Feature columns.
        history_length: Events kept for a user, the newest ones.
        windows: The last window, in which segments are counted, ends at `now`.
        shown: Ids of the products that may be recommended.
    """
    events = read_interactions(interactions, _COLUMNS, coded=_CODED)
    target.mkdir(parents=True, exist_ok=True)
    if not len(events):
        return
    coded = {name: events[name].chunk(0) for name in _CODED}
    times = events[names.OCCURRED_AT].to_numpy()
    users, order, counts = _newest(coded[names.USER_ID], times, history_length)
    metadata = {
        "event_types": json.dumps(coded[names.EVENT_TYPE].dictionary.to_pylist()),
        "newest_event_time": str(int(times.max())),
    }
    table = pa.table(
        {
            names.USER_ID: users,
            "products": _lists(counts, _codes(coded[names.PRODUCT_ID])[order].astype(np.int32)),
            "times": _lists(counts, times[order]),
            "types": _lists(counts, _codes(coded[names.EVENT_TYPE])[order].astype(np.int16)),
            **_aligned(user_rows, users),
        }
    ).replace_schema_metadata(metadata)
    write_mapped(table, target / "users.arrow")
    products = coded[names.PRODUCT_ID].dictionary
    write_mapped(pa.table({names.PRODUCT_ID: products.cast(pa.large_string())}), target / "products.arrow")
    segments = segment_lists(
        events.filter(pc.greater_equal(events[names.OCCURRED_AT], windows.now - windows.window)),
        user_rows,
        features,
        shown,
    )
    (target / "segments.json").write_text(json.dumps(segments, ensure_ascii=False), encoding="utf-8")


def _newest(
    users: pa.DictionaryArray, times: np.ndarray, history_length: int
) -> tuple[pa.Array, np.ndarray, np.ndarray]:
    """Sorted user ids, the kept events in their order and oldest first, and the number of each user's."""
    ids = users.dictionary.cast(pa.large_string())
    # The order of code points, in which readers search; the order of a dictionary is that of appearance.
    by_id = np.argsort(np.array(ids.to_pylist(), object), kind="stable")
    rank = np.empty(len(ids), np.int64)
    rank[by_id] = np.arange(len(ids))
    user = rank[_codes(users)]
    order = np.lexsort((times, user))  # stable: events of one time keep the order of the artifact
    counts = np.bincount(user, minlength=len(ids))
    ends = np.cumsum(counts)
    from_end = np.repeat(ends, counts) - np.arange(len(order))
    return ids.take(pa.array(by_id)), order[from_end <= history_length], np.minimum(counts, history_length)


def _codes(column: pa.DictionaryArray) -> np.ndarray:
    return np.asarray(column.indices.to_numpy(zero_copy_only=False))


def _lists(counts: np.ndarray, values: np.ndarray) -> pa.Array:
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(values))


def _aligned(rows: pa.Table, users: pa.Array) -> dict[str, pa.ChunkedArray]:
    """Feature columns in the order of the users; null for users without a row."""
    row = pc.index_in(users, value_set=rows[names.USER_ID].cast(pa.large_string()))
    columns = [name for name in rows.column_names if name != names.USER_ID]
    return {name: rows[name].take(row) for name in columns}


def write_mapped(table: pa.Table, path: Path) -> None:
    """Writes a table in batches that readers map into memory; none if it has no rows."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks(), max_chunksize=_USERS_AT_ONCE)


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
        found[column.name] = _lists_of_values(bought.append_column("value", value).filter(pc.is_valid(value)))
    return found


def _lists_of_values(bought: pa.Table) -> dict[str, list[list[Any]]]:
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
