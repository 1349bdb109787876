"""Queries filled with their histories, targets and user features: the columns of query rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from components.product_example_gen.event_log import EventLog
from components.product_example_gen.queries import Queries
from components.product_example_gen.ragged import (
    FloatArray,
    IntArray,
    concatenated_ranges,
    list_array,
    offsets_of,
    optional_array,
)
from schema import names
from schema.fields import HISTORY, HistoryField

_EVENTS_PER_BATCH = 2_000_000


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
