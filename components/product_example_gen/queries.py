"""The queries of a range of users: which there are, and their rows with histories, targets and features."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from components.product_example_gen.event_log import EventLog
from components.product_example_gen.ragged import (
    BoolArray,
    FloatArray,
    IntArray,
    concatenated_ranges,
    list_array,
    offsets_of,
    optional_array,
)
from schema import names
from schema.fields import HISTORY, HistoryField

SESSION_GAP_SECONDS = 30 * 60
"""Events without a basket id that are further apart than this belong to different sessions."""

_EVENTS_PER_BATCH = 2_000_000


@dataclass(frozen=True)
class Queries:
    """Queries of some users, and which events are their targets.

    Attributes:
        user: Index of the user in the event log, `[queries]`.
        time: The cutoff of the query; only earlier events may be its history, `[queries]`.
        target_end: Targets are before this stamp, `[queries]`.
        history_length: Most events of the history, `[queries]`.
        is_basket: Whether the targets are one basket rather than a window, `[queries]`.
        target_query: For each target event the index of its query, ascending, `[targets]`.
        target_event: For each target event its index in the event log, `[targets]`.
    """

    user: IntArray
    time: IntArray
    target_end: IntArray
    history_length: IntArray
    is_basket: BoolArray
    target_query: IntArray
    target_event: IntArray

    def __len__(self) -> int:
        return len(self.user)

    def select(self, rows: IntArray) -> Queries:
        """Returns the queries `rows`, in that order, each with its targets."""
        begins = np.searchsorted(self.target_query, rows)
        ends = np.searchsorted(self.target_query, rows, side="right")
        return Queries(
            user=self.user[rows],
            time=self.time[rows],
            target_end=self.target_end[rows],
            history_length=self.history_length[rows],
            is_basket=self.is_basket[rows],
            target_query=np.repeat(np.arange(len(rows)), ends - begins),
            target_event=self.target_event[concatenated_ranges(begins, ends)],
        )

    def sorted(self) -> Queries:
        """Returns the queries by user, time and kind, so that the order depends on the data only."""
        return self.select(np.lexsort((self.target_end, self.is_basket, self.time, self.user)))


def window_queries(log: EventLog, start: int, end: int, history_length: int) -> Queries:
    """Returns a query at `start` for each user with an event of positive weight in `[start, end)`."""
    user = np.arange(len(log.users))
    begins = log.first_at_or_after(user, np.full(len(user), start))
    ends = log.first_at_or_after(user, np.full(len(user), end))
    event = concatenated_ranges(begins, ends)
    event = event[log.weight[event] > 0]
    kept, query = np.unique(log.user[event], return_inverse=True)
    return Queries(
        user=kept,
        time=np.full(len(kept), start),
        target_end=np.full(len(kept), end),
        history_length=np.full(len(kept), history_length),
        is_basket=np.zeros(len(kept), np.bool_),
        target_query=query,
        target_event=event,
    )


def concatenate(parts: Sequence[Queries]) -> Queries:
    """Returns the queries of all `parts` as one."""
    starts = np.cumsum([0, *(len(part) for part in parts)])
    columns = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Queries)
    }
    columns["target_query"] = np.concatenate(
        [part.target_query + start for part, start in zip(parts, starts, strict=False)]
    )
    return Queries(**columns)


def basket_queries(log: EventLog, eval_start: int, baskets_per_user: int, history_length: int) -> Queries:
    """Returns a query for each of the newest baskets of each user that end before `eval_start`.

    A basket is what shares user and basket id; events without one form sessions. The query is at the
    first stamp of the basket, its targets are the basket's events of positive weight.

    Args:
        log: The events.
        eval_start: Baskets with an event at or after this stamp are left out.
        baskets_per_user: Most baskets of a user.
        history_length: Most events of the history.
    """
    group = _basket_of_event(log)
    order = np.argsort(group, kind="stable")
    begins = np.flatnonzero(np.diff(group[order], prepend=-1))
    ends = np.append(begins, len(order))[1:]
    first, last = order[begins], order[ends - 1]
    positive = np.add.reduceat(log.weight[order] > 0, begins) > 0 if len(begins) else np.zeros(0, np.bool_)
    kept = np.flatnonzero(positive & (log.time[last] < eval_start))
    kept = kept[_newest(log.user[first[kept]], first[kept], baskets_per_user)]
    lengths = ends[kept] - begins[kept]
    event = order[concatenated_ranges(begins[kept], ends[kept])]
    is_target = log.weight[event] > 0
    return Queries(
        user=log.user[first[kept]],
        time=log.time[first[kept]],
        target_end=log.time[last[kept]] + 1,
        history_length=np.full(len(kept), history_length),
        is_basket=np.ones(len(kept), np.bool_),
        target_query=np.repeat(np.arange(len(kept)), lengths)[is_target],
        target_event=event[is_target],
    )


def _basket_of_event(log: EventLog) -> IntArray:
    """For each event a number that it shares with exactly the events of its basket or session."""
    group = np.zeros(len(log), np.int64)
    with_id = log.basket >= 0
    if with_id.any():
        key = log.user[with_id] * (log.basket.max() + 1) + log.basket[with_id]
        group[with_id] = np.unique(key, return_inverse=True)[1]
    user, time = log.user[~with_id], log.time[~with_id]
    begins_session = (np.diff(user, prepend=-1) != 0) | (np.diff(time, prepend=0) > SESSION_GAP_SECONDS)
    group[~with_id] = group.max(initial=0) + np.cumsum(begins_session)
    return group


def _newest(user: IntArray, first: IntArray, limit: int) -> IntArray:
    """Indices of the `limit` last baskets of each user, by user and position of the first event."""
    order = np.argsort(first, kind="stable")
    ends = np.searchsorted(user[order], user[order], side="right")
    return order[ends - np.arange(len(order)) <= limit]


def query_batches(
    log: EventLog, queries: Queries, user_features: Mapping[str, pa.LargeListArray]
) -> Iterator[pa.RecordBatch]:
    """Yields the rows of `queries` in batches of bounded size.

    Args:
        log: The events.
        queries: What to fill.
        user_features: Raw feature -> its values, aligned with `log.users`.
    """
    if not len(queries):
        return
    step = max(1, _EVENTS_PER_BATCH // int(queries.history_length.max()))
    for begin in range(0, len(queries), step):
        rows = np.arange(begin, min(begin + step, len(queries)))
        yield _query_batch(log, queries.select(rows), user_features)


def _query_batch(
    log: EventLog, queries: Queries, user_features: Mapping[str, pa.LargeListArray]
) -> pa.RecordBatch:
    ends = log.first_at_or_after(queries.user, queries.time)
    begins = np.maximum(log.first_of(queries.user), ends - queries.history_length)
    history = pa.array(concatenated_ranges(begins, ends))
    history_offsets = offsets_of(ends - begins)
    target, weight, target_offsets = distinct_targets(log, queries)
    kinds = pa.array([names.KIND_WINDOW, names.KIND_BASKET], pa.binary())
    products = log.column(names.PRODUCT_ID)
    user = pa.array(queries.user)
    columns = {
        names.USER_ID: optional_array(log.users.cast(pa.binary()).take(user)),
        names.QUERY_TIME: optional_array(pa.array(queries.time)),
        names.QUERY_KIND: optional_array(kinds.take(pa.array(queries.is_basket.astype(np.int64)))),
        names.TARGET_END: optional_array(pa.array(queries.target_end)),
        **{field.raw: list_array(_values(log, field).take(history), history_offsets) for field in HISTORY},
        names.TARGET_PRODUCT_ID: list_array(products.take(pa.array(target)), target_offsets),
        names.TARGET_WEIGHT: list_array(pa.array(weight), target_offsets),
    }
    columns.update({name: values.take(user) for name, values in user_features.items()})
    return pa.RecordBatch.from_pydict(columns)


def _values(log: EventLog, field: HistoryField) -> pa.Array:
    return log.column(field.column) if field.is_text else log.table[field.column].combine_chunks()


def distinct_targets(log: EventLog, queries: Queries) -> tuple[IntArray, FloatArray, IntArray]:
    """Joins the target events of a query that are of one product.

    Returns:
        For each distinct product of each query, in the order of first occurrence: an event of that
        product and the largest weight of its events; and the offsets of the queries in these.
    """
    key = queries.target_query * (log.product.max(initial=0) + 1) + log.product[queries.target_event]
    order = np.argsort(key, kind="stable")
    begins = np.flatnonzero(np.diff(key[order], prepend=-1))
    weights = log.weight[queries.target_event][order]
    largest = np.maximum.reduceat(weights, begins) if len(begins) else weights
    first = order[begins]
    by_occurrence = np.argsort(first)
    first = first[by_occurrence]
    counts = np.bincount(queries.target_query[first], minlength=len(queries))
    return queries.target_event[first], largest[by_occurrence], offsets_of(counts)
