"""Counts and checks events while they stream by."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.errors import UserError
from schema.profiling.profile_checks import location, missing_error, missing_values
from schema.source.contract import EVENTS
from schema.source.guests import is_guest
from schema.source.product_source import ProductSource

NO_QUANTITY: Final = "quantity 0"
NEGATIVE_PRICE: Final = "price below 0"


class EventTally:
    """Counts and checks events; memory grows with users and products, and by eight bytes with each event.

    Args:
        source: For messages, and to know who is no user.
        now: Epoch seconds; no event may be more than a day later.
    """

    def __init__(self, source: ProductSource, now: int) -> None:
        self._source = source
        self._limit = now + names.SECONDS_PER_DAY
        self._missing: dict[str, list[int]] = {}
        self._future: list[int] = []
        self._hashes: list[np.ndarray] = []
        self.num_rows = 0
        self.num_forgotten = 0
        """Rows of users who are to be forgotten."""
        self.guests: Counter[str] = Counter()
        self.first_guest = ""
        self.types: Counter[str] = Counter()
        self.negative: Counter[str] = Counter()
        self.odd: dict[str, tuple[int, int]] = {}
        """What is odd about numbers -> how many events, and the row of the first."""
        self.by_user: Counter[str] = Counter()
        self.by_product: Counter[str] = Counter()
        self.by_day: Counter[int] = Counter()
        self.oldest = 0
        self.newest = 0
        self.has_clock = False

    @property
    def num_events(self) -> int:
        """Number of events that belong to a user."""
        return self.num_rows - sum(self.guests.values()) - self.num_forgotten

    def add(self, events: pa.Table) -> None:
        """Takes in the next events."""
        if events.num_rows == 0:
            return
        for column in (names.PRODUCT_ID, names.OCCURRED_AT):
            self._note_missing(events, column)
        self._note_future(events)
        forgotten = self._source.forgotten.flags(events[names.USER_ID])
        self.num_forgotten += pc.sum(forgotten).as_py() or 0
        guests = pc.and_not(is_guest(events[names.USER_ID], self._source.reading), forgotten)
        if pc.any(guests).as_py():
            self._note_guests(events, guests)
        left_out = pc.or_(guests, forgotten)
        users = events.filter(pc.invert(left_out)) if pc.any(left_out).as_py() else events
        self._note_odd(NO_QUANTITY, events, pc.equal(events[names.QUANTITY], 0))
        self._note_odd(NEGATIVE_PRICE, events, pc.less(events[names.PRICE], 0))
        self.num_rows += events.num_rows
        if users.num_rows:
            self._count(users)

    def check(self) -> None:
        """Raises UserError for what was found wrong with the events as a whole."""
        table = self._source.name_of(EVENTS)
        if self.num_rows == 0:
            raise UserError(f"Table `{table}` is empty. Remedy: load the events before a run.")
        if self.num_events == 0:
            raise UserError(
                f"{location(self._source, EVENTS, names.USER_ID)}: no event has a user. "
                f"Received: {self.first_guest}. Remedy: map the column of the users, or set "
                "`source.guests` if that is one."
            )
        for column, (count, first) in self._missing.items():
            raise missing_error(self._source, EVENTS, column, count, first)
        if self._future:
            count, first, stamp = self._future
            raise UserError(
                f"{location(self._source, EVENTS, names.OCCURRED_AT)}: events must not be in the future. "
                f"Received: {count} of them; the first is row {first}, {date_of(stamp)}. Remedy: correct the "
                "stamps (UTC), or remove the rows."
            )

    def num_repeats(self) -> int:
        """Returns the number of events that equal another one in all columns of the contract."""
        if not self._hashes:
            return 0
        hashes = np.concatenate(self._hashes)
        return len(hashes) - len(np.unique(hashes))

    def event_types(self) -> dict[str, int]:
        """Returns event type -> number of events, most frequent first."""
        return dict(sorted(self.types.items(), key=lambda item: (-item[1], item[0])))

    def _count(self, users: pa.Table) -> None:
        for counter, column in (
            (self.types, names.EVENT_TYPE),
            (self.by_user, names.USER_ID),
            (self.by_product, names.PRODUCT_ID),
        ):
            counter.update(_counted(users[column]))
        negative = users.filter(pc.fill_null(pc.less(users[names.QUANTITY], 0), False))
        self.negative.update(_counted(negative[names.EVENT_TYPE]))
        stamps = users[names.OCCURRED_AT].drop_null()
        if len(stamps):
            bounds = pc.min_max(stamps).as_py()
            seen = bool(self.by_day)
            self.oldest = min(self.oldest, bounds["min"]) if seen else bounds["min"]
            self.newest = max(self.newest, bounds["max"]) if seen else bounds["max"]
            seconds = stamps.to_numpy()
            self.has_clock = self.has_clock or bool((seconds % names.SECONDS_PER_DAY).any())
            days, counts = np.unique(seconds // names.SECONDS_PER_DAY, return_counts=True)
            self.by_day.update(dict(zip(days.tolist(), counts.tolist(), strict=True)))
        self._hashes.append(row_hashes(users))

    def _note_guests(self, events: pa.Table, guests: pa.ChunkedArray) -> None:
        if not self.guests:
            row = pc.index(guests, True).as_py()
            shown = events[names.USER_ID][row].as_py()
            self.first_guest = f"row {self.num_rows + 1 + row}: {shown!r}"
        self.guests.update(_counted(pc.fill_null(events.filter(guests)[names.USER_ID], "")))

    def _note_odd(self, kind: str, events: pa.Table, flags: pa.ChunkedArray) -> None:
        count = pc.sum(flags).as_py() or 0
        if count:
            known, first = self.odd.get(kind, (0, self.num_rows + 1 + pc.index(flags, True).as_py()))
            self.odd[kind] = (known + count, first)

    def _note_missing(self, events: pa.Table, column: str) -> None:
        missing = missing_values(events[column])
        count = pc.sum(missing).as_py() or 0
        if count:
            first = self.num_rows + 1 + pc.index(missing, True).as_py()
            noted = self._missing.setdefault(column, [0, first])
            noted[0] += count

    def _note_future(self, events: pa.Table) -> None:
        future = pc.fill_null(pc.greater(events[names.OCCURRED_AT], self._limit), False)
        count = pc.sum(future).as_py() or 0
        if count and not self._future:
            index = pc.index(future, True).as_py()
            self._future = [0, self.num_rows + 1 + index, events[names.OCCURRED_AT][index].as_py()]
        if count:
            self._future[0] += count


def date_of(stamp: int) -> str:
    """Returns a stamp for messages."""
    try:
        return datetime.datetime.fromtimestamp(stamp, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"stamp {stamp}"


def _counted(values: pa.ChunkedArray) -> dict[str, int]:
    return {item["values"]: item["counts"] for item in values.value_counts().to_pylist()}


_COLUMNS: Final = (
    names.USER_ID,
    names.PRODUCT_ID,
    names.OCCURRED_AT,
    names.EVENT_TYPE,
    names.BASKET_ID,
    names.QUANTITY,
    names.PRICE,
)
"""Events that are equal in these are one event that was loaded twice."""
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(29)


def row_hashes(events: pa.Table) -> np.ndarray:
    """Returns a 64-bit hash of each event `[events]`; equal events have equal ones."""
    total = np.zeros(events.num_rows, np.uint64)
    for name in _COLUMNS:
        total = (total ^ (total >> _SHIFT)) * _FACTOR + _hashes(events[name])
    return total


def _hashes(column: pa.ChunkedArray) -> np.ndarray:
    from pandas.util import hash_array

    if not pa.types.is_string(column.type):
        return np.asarray(hash_array(pc.fill_null(column.cast(pa.float64()), -0.5).to_numpy()))
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    texts = np.array([*encoded.dictionary.to_pylist(), ""], object)
    codes = encoded.indices.fill_null(len(texts) - 1).to_numpy(zero_copy_only=False)
    hashes: np.ndarray = np.asarray(hash_array(texts, categorize=False))[codes]
    return hashes
