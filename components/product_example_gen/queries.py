"""Which queries a range of users gives: rows over global time windows, not yet filled with events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from components.product_example_gen.event_log import EventLog
from components.product_example_gen.ragged import BoolArray, IntArray, concatenated_ranges


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
