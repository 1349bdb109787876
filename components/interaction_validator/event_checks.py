"""Checks of the events as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.evaluation.verdicts import Verdict, at_most
from components.interactions.disk_counts import DiskCounts
from components.settings import GateSettings
from schema import names

_MAX_TYPE_CHANGE = 0.5

_REPEATED = (
    *(names.USER_ID, names.PRODUCT_ID, names.OCCURRED_AT, names.EVENT_TYPE),
    *(names.BASKET_ID, names.QUANTITY, names.PRICE),
)
_INTEGER = r"^-?\d+$"


def check_events(facts: EventFacts, gates: GateSettings, clock: int) -> list[Verdict]:
    """Checks the events.

    Args:
        facts: What is known of them.
        gates: Thresholds.
        clock: The time now, in epoch seconds.
    """
    return [
        _orphans(facts, gates),
        _duplicates(facts, gates),
        _future(facts, clock),
        _top_product(facts, gates),
        _id_type(facts, names.USER_ID),
        _id_type(facts, names.PRODUCT_ID),
        *check_volume(facts.by_day),
    ]


def _orphans(facts: EventFacts, gates: GateSettings) -> Verdict:
    share = facts.num_orphans / max(1, facts.num_events)
    return at_most(
        "orphans",
        share,
        gates.max_orphans,
        f"{facts.num_orphans} of {facts.num_events} events ({share:.1%}; at most {gates.max_orphans:.1%}) "
        "name a product that has no row in table `products`.",
        "add the rows, check that `events.product_id` and `products.product_id` are spelled alike, or raise "
        "`gates.max_orphans`.",
    )


def _duplicates(facts: EventFacts, gates: GateSettings) -> Verdict:
    share = facts.num_repeats / max(1, facts.num_events)
    most = gates.accepted_duplicates(facts.has_clock)
    return at_most(
        "duplicates",
        share,
        most,
        f"{facts.num_repeats} of {facts.num_events} events ({share:.1%}; at most {most:.1%}) repeat another "
        "one of table `events` in all columns.",
        "remove rows that were loaded twice, or raise `gates.max_duplicates`.",
    )


def _future(facts: EventFacts, clock: int) -> Verdict:
    ahead = (facts.newest - clock) / names.SECONDS_PER_DAY
    return at_most(
        "future",
        ahead,
        1.0,
        f"The newest event in table `events`, column `occurred_at`, is {max(0.0, ahead):.1f} days in the "
        "future (at most 1).",
        "correct the stamps; they must be UTC.",
    )


def _top_product(facts: EventFacts, gates: GateSettings) -> Verdict:
    product, count = facts.by_product.most_frequent()
    share = count / max(1, facts.num_events)
    return at_most(
        "top_product",
        share,
        gates.max_top_product,
        f"Product `{product}` has {count} of {facts.num_events} events ({share:.1%}; at most "
        f"{gates.max_top_product:.1%}).",
        "leave it out of table `events` if it is no real product (a deposit, a bag, a test), or raise "
        "`gates.max_top_product`.",
    )


def _id_type(facts: EventFacts, column: str) -> Verdict:
    older, newer = facts.integer_shares(column)
    return at_most(
        f"type_of_{column}",
        abs(newer - older),
        _MAX_TYPE_CHANGE,
        f"Table `events`, column `{column}`: {older:.0%} of the ids are integers in the older half of the "
        f"events and {newer:.0%} in the newer.",
        "if the ids were renumbered, map old ids to new ones.",
    )


_DAYS_AROUND = 14
_MIN_DAYS = 28
_MIN_MEDIAN = 10.0
"""Events of an ordinary day below which a day without any is no news."""
_GAP, _RUSH = 0.25, 3.0


def check_volume(by_day: Mapping[int, int]) -> list[Verdict]:
    """Tells of gaps and rushes; neither stops a run.

    A day is held against the median of the days around it, fourteen before and fourteen after. A gap is two
    days or more of less than a quarter of it, a rush a day of more than three times of it.

    Args:
        by_day: Day since the epoch -> events.
    """
    volume = _daily(by_day)
    if len(volume) < _MIN_DAYS:
        return []
    ordinary = np.array(
        [np.median(volume[max(0, day - _DAYS_AROUND) : day + _DAYS_AROUND + 1]) for day in range(len(volume))]
    )
    known = ordinary >= _MIN_MEDIAN
    first = min(by_day)
    gaps = [run for run in _runs(known & (volume < _GAP * ordinary)) if run[1] - run[0] > 1]
    rushes = _runs(known & (volume > _RUSH * ordinary))
    return [
        _check("gaps_in_volume", gaps, first, "fewer than a quarter of the events of the days around them"),
        _check("rushes_in_volume", rushes, first, "more than three times the events of the days around them"),
    ]


def _daily(by_day: Mapping[int, int]) -> np.ndarray:
    if not by_day:
        return np.zeros(0)
    first, last = min(by_day), max(by_day)
    volume = np.zeros(last - first + 1)
    for day, count in by_day.items():
        volume[day - first] = count
    return volume


def _runs(marked: np.ndarray) -> list[tuple[int, int]]:
    """Half-open ranges of marked days."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(int)))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]


def _check(name: str, runs: list[tuple[int, int]], first: int, what: str) -> Verdict:
    days = sum(end - begin for begin, end in runs)
    if not runs:
        return Verdict(name, True, 0.0, 0.0, f"No days have {what}.", critical=False)
    begin, end = max(runs, key=lambda run: run[1] - run[0])
    sentence = (
        f"{days} days have {what}, the longest run from {_date(first + begin)} to {_date(first + end - 1)}. "
        "Training windows whose volume is not that of the others count less. "
        "Remedy: load what is missing; nothing if the shop was closed or sold that much."
    )
    return Verdict(name, False, float(days), 0.0, sentence, critical=False)


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * names.SECONDS_PER_DAY, UTC).date().isoformat()


@dataclass
class EventFacts:
    """What the checks need to know of the events.

    Attributes:
        num_events: Number of events.
        num_repeats: Events that repeat an earlier one in all columns of the contract.
        has_clock: Whether stamps have a time of the day.
        num_orphans: Events whose product has no row in `products`.
        newest: Newest stamp.
        by_product: Counts the events of each product.
        integer_ids: Id column -> day -> (events, events whose id is an integer).
    """

    num_events: int = 0
    num_repeats: int = 0
    num_orphans: int = 0
    has_clock: bool = False
    newest: int = 0
    by_product: DiskCounts = field(default_factory=DiskCounts)
    integer_ids: dict[str, dict[int, tuple[int, int]]] = field(
        default_factory=lambda: {names.USER_ID: {}, names.PRODUCT_ID: {}}
    )

    def add(self, part: pa.Table, orphans: pa.Array) -> None:
        """Adds a part of the Interactions artifact; no user is in two parts."""
        if not part.num_rows:
            return
        keys = [name for name in _REPEATED if name in part.column_names]
        self.num_events += part.num_rows
        self.num_repeats += part.num_rows - part.select(keys).group_by(keys).aggregate([]).num_rows
        self.newest = max(self.newest, pc.max(part[names.OCCURRED_AT]).as_py())
        self.by_product.add(part[names.PRODUCT_ID])
        self.num_orphans += pc.sum(pc.is_in(part[names.PRODUCT_ID], orphans)).as_py()
        day, clock = np.divmod(part[names.OCCURRED_AT].to_numpy(), names.SECONDS_PER_DAY)
        self.has_clock = self.has_clock or bool(clock.any())
        for column, totals in self.integer_ids.items():
            encoded = part[column].combine_chunks().dictionary_encode()
            integer = pc.match_substring_regex(encoded.dictionary, _INTEGER).to_numpy(zero_copy_only=False)
            flags = integer[encoded.indices.to_numpy()]
            days, index = np.unique(day, return_inverse=True)
            found = np.bincount(index, flags).astype(int)
            for key, events, integers in zip(days.tolist(), np.bincount(index), found, strict=True):
                old = totals.get(key, (0, 0))
                totals[key] = (old[0] + int(events), old[1] + int(integers))

    @property
    def by_day(self) -> dict[int, int]:
        """Day since the epoch -> number of events."""
        return {day: events for day, (events, _) in self.integer_ids[names.USER_ID].items()}

    def integer_shares(self, column: str) -> tuple[float, float]:
        """Returns the share of integer ids in the older and in the newer half of the events."""
        half, seen = self.num_events / 2, 0
        halves = np.zeros((2, 2))
        for _, (events, integers) in sorted(self.integer_ids[column].items()):
            halves[int(seen >= half)] += events, integers
            seen += events
        older, newer = (
            float(integers / events) if events else float(halves[0, 1] / max(1, halves[0, 0]))
            for events, integers in halves
        )
        return older, newer

    @classmethod
    def gather(cls, parts: Iterable[pa.Table], orphans: Iterable[str]) -> EventFacts:
        """Returns the facts of all parts."""
        facts, without_row = cls(), pa.array(list(orphans), pa.string())
        for part in parts:
            facts.add(part, without_row)
        return facts
