"""Checks of the splits: large enough, apart in time, and with nothing of the future in a history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.evaluation.examples import read_batches
from components.evaluation.verdicts import Verdict, at_least, at_most
from components.interactions.disk_counts import DiskCounts
from components.settings import GateSettings
from schema import names

_DEFECT = "this is a defect of ProductExampleGen; please report it."

_READ = {
    names.USER_ID: "BYTES",
    names.QUERY_TIME: "INT",
    names.TARGET_END: "INT",
    names.HISTORY_TIME: "INT",
    names.TARGET_PRODUCT_ID: "BYTES",
}


def check_splits(splits: Mapping[str, SplitFacts], gates: GateSettings) -> list[Verdict]:
    """Checks the query splits, by name."""
    checks = [_size(name, splits[name], gates) for name in names.QUERY_SPLITS]
    if all(splits[name].num_queries for name in names.QUERY_SPLITS):
        checks.append(_apart(names.TRAIN, splits[names.TRAIN], names.EVAL, splits[names.EVAL]))
        checks.append(_apart(names.EVAL, splits[names.EVAL], names.TEST, splits[names.TEST]))
    for name in (names.EVAL, names.TEST):
        checks.append(_one_query_a_user(name, splits[name]))
    for name in names.QUERY_SPLITS:
        checks.extend(_histories(name, splits[name]))
    return checks


def _size(name: str, split: SplitFacts, gates: GateSettings) -> Verdict:
    return at_least(
        f"size_of_{name}",
        len(split.users),
        gates.min_queries,
        f"Split `{name}` has queries of {len(split.users)} users (at least {gates.min_queries}).",
        "choose longer windows with `split.eval_window` and `split.test_window`, or lower "
        "`gates.min_queries`.",
    )


def _apart(name: str, earlier: SplitFacts, next_name: str, later: SplitFacts) -> Verdict:
    overlap = earlier.latest_target_end - later.earliest_query
    return at_most(
        f"{name}_before_{next_name}",
        overlap,
        0,
        f"The targets of split `{name}` reach {max(0, overlap)} seconds into split `{next_name}`, whose "
        f"first query is at {later.earliest_query}.",
        _DEFECT,
    )


def _one_query_a_user(name: str, split: SplitFacts) -> Verdict:
    surplus = split.num_queries - len(split.users)
    return at_most(
        f"one_query_a_user_in_{name}",
        surplus,
        0,
        f"Split `{name}` has {surplus} queries more than users.",
        _DEFECT,
    )


def _histories(name: str, split: SplitFacts) -> list[Verdict]:
    defects = {
        "history_before_query": (split.num_leaks, "a history event at or after the query's time"),
        "history_in_order": (split.num_unordered, "a history that is not oldest first"),
        "targets": (split.num_without_targets, "no targets"),
    }
    return [
        at_most(
            f"{check}_in_{name}",
            count,
            0,
            f"{count} of {split.num_queries} queries of split `{name}` have {what}.",
            _DEFECT,
        )
        for check, (count, what) in defects.items()
    ]


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
