"""Training queries of single baskets: what was bought together, given everything before."""

from __future__ import annotations

import numpy as np

from components.product_example_gen.event_log import EventLog
from components.product_example_gen.queries import Queries
from components.product_example_gen.ragged import IntArray, concatenated_ranges

SESSION_GAP_SECONDS = 30 * 60
"""Events without a basket id that are further apart than this belong to different sessions."""


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
