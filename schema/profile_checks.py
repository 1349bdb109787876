"""The mistakes of a database that are found before anything is written."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.errors import UserError
from schema.source.contract import EVENTS, KEYS, PRODUCTS, USERS, feature_columns
from schema.source.product_source import ProductSource
from schema.source.relations import nearest
from schema.source_settings import FeatureSettings

_MILLISECONDS: Final = 10**11


def check_overrides(source: ProductSource, settings: FeatureSettings) -> None:
    """Raises UserError if a configured feature column does not exist."""
    for table, chosen in ((USERS, settings.users), (PRODUCTS, settings.products)):
        known = feature_columns(table, source.columns(table))
        for name in chosen:
            if name not in known:
                hint = f" Did you mean `{nearest(name, known)}`?" if known else ""
                raise UserError(
                    f"Configuration key `features.{table}.{name}`: table `{source.name_of(table)}` has no "
                    f"such feature column. Received: columns {', '.join(known) or 'none'}.{hint}"
                )


def check_ids(source: ProductSource, table: str, rows: pa.Table) -> None:
    """Raises UserError if `products` has no rows or an id is missing or empty."""
    if rows.num_rows == 0 and table == PRODUCTS:
        raise UserError(f"Table `{source.name_of(table)}` is empty. Remedy: load the products before a run.")
    missing = _missing(rows[KEYS[table]])
    count = pc.sum(missing).as_py() or 0
    if count:
        raise _missing_error(source, table, KEYS[table], count, 1 + pc.index(missing, True).as_py())


def check_unique(source: ProductSource, table: str, rows: pa.Table) -> None:
    """Raises UserError if two rows have the same id."""
    column = KEYS[table]
    counts = rows[column].value_counts()
    repeated = counts.filter(pc.greater(counts.field("counts"), 1))
    if len(repeated):
        first = repeated[0].as_py()
        raise UserError(
            f'{_place(source, table, column)}: ids must be unique (42 and "42" are the same). '
            f"Received: {len(repeated)} ids with several rows; the first is {first['values']!r} with "
            f"{first['counts']}. Remedy: keep one row for each id."
        )


class EventTally:
    """Counts and checks events while they stream by.

    Args:
        source: For messages.
        now: Epoch seconds; no event may be more than a day later.
    """

    def __init__(self, source: ProductSource, now: int) -> None:
        self._source = source
        self._limit = now + names.SECONDS_PER_DAY
        self._types: Counter[str] = Counter()
        self._missing: dict[str, list[int]] = {}
        self._future: list[int] = []
        self.num_events = 0
        self.oldest = 0
        self.newest = 0
        self.users: set[str] = set()
        self.products: set[str] = set()

    def add(self, events: pa.Table) -> None:
        """Takes in the next events.

        Raises:
            UserError: An id or stamp is missing, or an event is in the future.
        """
        if events.num_rows == 0:
            return
        for column in (names.USER_ID, names.PRODUCT_ID, names.OCCURRED_AT):
            self._note_missing(events, column)
        self._note_future(events)
        self._types.update(
            {item["values"]: item["counts"] for item in events[names.EVENT_TYPE].value_counts().to_pylist()}
        )
        self.users.update(pc.unique(events[names.USER_ID]).drop_null().to_pylist())
        self.products.update(pc.unique(events[names.PRODUCT_ID]).drop_null().to_pylist())
        bounds = pc.min_max(events[names.OCCURRED_AT]).as_py()
        if bounds["min"] is not None:
            self.oldest = bounds["min"] if self.num_events == 0 else min(self.oldest, bounds["min"])
            self.newest = bounds["max"] if self.num_events == 0 else max(self.newest, bounds["max"])
        self.num_events += events.num_rows

    def check(self) -> None:
        """Raises UserError for what was found wrong with the events as a whole."""
        table = self._source.name_of(EVENTS)
        if self.num_events == 0:
            raise UserError(f"Table `{table}` is empty. Remedy: load the events before a run.")
        for column, (count, first) in self._missing.items():
            raise _missing_error(self._source, EVENTS, column, count, first)
        if self._future:
            count, first, stamp = self._future
            hint = "divide milliseconds by 1000" if stamp > _MILLISECONDS else "correct the stamps (UTC)"
            raise UserError(
                f"{_place(self._source, EVENTS, names.OCCURRED_AT)}: events must not be in the future. "
                f"Received: {count} of them; the first is row {first}, {_date(stamp)}. Remedy: {hint}, or "
                "remove the rows."
            )

    def event_types(self) -> dict[str, int]:
        """Returns event type -> number of events, most frequent first."""
        return dict(sorted(self._types.items(), key=lambda item: (-item[1], item[0])))

    def _note_missing(self, events: pa.Table, column: str) -> None:
        missing = _missing(events[column])
        count = pc.sum(missing).as_py() or 0
        if count:
            first = self.num_events + 1 + pc.index(missing, True).as_py()
            noted = self._missing.setdefault(column, [0, first])
            noted[0] += count

    def _note_future(self, events: pa.Table) -> None:
        future = pc.fill_null(pc.greater(events[names.OCCURRED_AT], self._limit), False)
        count = pc.sum(future).as_py() or 0
        if count and not self._future:
            index = pc.index(future, True).as_py()
            self._future = [0, self.num_events + 1 + index, events[names.OCCURRED_AT][index].as_py()]
        if count:
            self._future[0] += count


def _missing(values: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_string(values.type):
        return pc.fill_null(pc.equal(values, ""), True)
    return pc.is_null(values)


def _missing_error(source: ProductSource, table: str, column: str, count: int, first: int) -> UserError:
    return UserError(
        f"{_place(source, table, column)}: a value is missing (NULL or empty). Received: {count} rows "
        f"without one; the first is row {first}. Remedy: fill the column in, or leave these rows out with "
        f"`source.tables.{table}.query`."
    )


def _place(source: ProductSource, table: str, column: str) -> str:
    return f"Table `{source.name_of(table)}`, column `{source.name_of(table, column)}`"


def _date(stamp: int) -> str:
    try:
        return datetime.datetime.fromtimestamp(stamp, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"stamp {stamp}"
