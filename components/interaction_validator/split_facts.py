"""Facts about the queries of one split, read from the examples themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.evaluation.examples import read_batches
from components.interactions.disk_counts import DiskCounts
from schema import names

_READ = {
    names.USER_ID: "BYTES",
    names.QUERY_TIME: "INT",
    names.TARGET_END: "INT",
    names.HISTORY_TIME: "INT",
    names.TARGET_PRODUCT_ID: "BYTES",
}


@dataclass
class SplitFacts:
    """What the checks need to know of a split.

    Attributes:
        num_queries: Number of rows.
        users: Counts the rows of each user.
        earliest_query: Smallest `query_time`.
        latest_query: Largest `query_time`.
        latest_target_end: Largest `target_end`.
        num_leaks: Rows with a history event at or after `query_time`.
        num_unordered: Rows whose history is not oldest first.
        num_without_targets: Rows without targets or with an empty target window.
    """

    num_queries: int = 0
    users: DiskCounts = field(default_factory=DiskCounts)
    earliest_query: int = 2**62
    latest_query: int = -(2**62)
    latest_target_end: int = -(2**62)
    num_leaks: int = 0
    num_unordered: int = 0
    num_without_targets: int = 0

    def add(self, rows: pa.RecordBatch) -> None:
        """Adds rows of the split."""
        time = _numbers(rows, names.QUERY_TIME)
        target_end = _numbers(rows, names.TARGET_END)
        history = rows.column(names.HISTORY_TIME)
        stamps = history.flatten().to_numpy()
        lengths = pc.list_value_length(history).fill_null(0).to_numpy()
        row = np.repeat(np.arange(len(time)), lengths)
        falls = (np.diff(stamps) < 0) & (np.diff(row) == 0)
        num_targets = pc.list_value_length(rows.column(names.TARGET_PRODUCT_ID)).fill_null(0).to_numpy()
        self.num_queries += rows.num_rows
        self.users.add(rows.column(names.USER_ID).flatten())
        self.earliest_query = min(self.earliest_query, int(time.min()))
        self.latest_query = max(self.latest_query, int(time.max()))
        self.latest_target_end = max(self.latest_target_end, int(target_end.max()))
        self.num_leaks += len(np.unique(row[stamps >= time[row]]))
        self.num_unordered += len(np.unique(row[1:][falls]))
        self.num_without_targets += int(np.sum((num_targets == 0) | (target_end <= time)))

    @classmethod
    def gather(cls, directory: str) -> SplitFacts:
        """Returns the facts of the split whose files are in `directory`."""
        facts = cls()
        for rows in read_batches(directory, _READ):
            facts.add(rows)
        return facts


def _numbers(rows: pa.RecordBatch, name: str) -> np.ndarray:
    values: np.ndarray = rows.column(name).flatten().to_numpy()
    return values
