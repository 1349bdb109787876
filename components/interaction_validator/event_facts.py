"""Facts about all events, gathered part by part in memory that does not grow with users or products."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.interactions.disk_counts import DiskCounts
from schema import names

_REPEATED = (
    *(names.USER_ID, names.PRODUCT_ID, names.OCCURRED_AT, names.EVENT_TYPE),
    *(names.BASKET_ID, names.QUANTITY, names.PRICE),
)
_INTEGER = r"^-?\d+$"


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
