"""One user's rows where they are stored as they are meant, from the rows of the driver without Arrow tables.

A table of Arrow costs some ten microseconds for each step and column, whatever it holds, and a request reads
few rows. What is not plain is told by None, and read by `ProductSource.user_events` and `user_rows`, which
understand every form; where this way gives an answer, it is theirs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from schema import names
from schema.features import ValueType
from schema.reading import Reading
from schema.source.ids import canonical_id, id_forms
from schema.source.relations import Relation
from schema.source.stamps.stamp_forms import UTC_ISO
from schema.source.tables import Tables

_FIRST_SECONDS: Final = 10**8
"""Numbers from here to now are epoch seconds and no dates, days or fractions of seconds."""
_PLAIN: Final[dict[ValueType, tuple[type, ...]]] = {"integer": (int,), "real": (float, int), "text": (str,)}

_canonical = lru_cache(maxsize=2**18)(canonical_id)


class Events(NamedTuple):
    """Events of one user, oldest first: ids in their canonical form, epoch seconds, types."""

    product_ids: Sequence[str]
    times: Sequence[int]
    event_types: Sequence[str]


class PlainUser:
    """Reads one user at a time.

    Args:
        tables: The open database.
        events: Where events come from.
        users: Where rows of users come from, if there are any.
        reading: How rows are read.
        read_users: Gives the canonical ids of those of some users of whom anything is read.
    """

    def __init__(
        self,
        tables: Tables,
        events: Relation,
        users: Relation | None,
        reading: Reading,
        read_users: Callable[[Sequence[str]], set[str]],
    ) -> None:
        self._tables, self._events, self._users, self._reading = tables, events, users, reading
        self._read_users = read_users
        present = {name for name, _ in events.columns}
        self._has_types = names.EVENT_TYPE in present
        self._has_returns = reading.returns != "count"
        selected = [names.USER_ID, names.PRODUCT_ID, names.OCCURRED_AT]
        selected += [names.EVENT_TYPE] if self._has_types else []
        selected += [names.QUANTITY] if self._has_returns and names.QUANTITY in present else []
        self._columns = tuple(selected)
        self._is_plain = events.stamps == UTC_ISO and not events.is_irregular

    def events(self, user_id: str, limit: int) -> Events | None:
        """The newest `limit` events, oldest first; None if not all of them are plain."""
        if not self._read_users([user_id]):
            return Events([], [], [])
        rows = self._rows(self._events, user_id, self._columns) if self._is_plain else None
        if not rows:
            return None if rows is None else Events([], [], [])
        columns = dict(zip(self._columns, zip(*rows, strict=True), strict=True))
        product_ids = _ids(columns[names.PRODUCT_ID])
        times = self._times(columns[names.OCCURRED_AT])
        types = self._types(columns.get(names.EVENT_TYPE), len(rows))
        if product_ids is None or times is None or types is None or self._may_be_returned(columns, types):
            return None
        if (times[1:] < times[:-1]).any():
            order = np.argsort(times, kind="stable")
            product_ids, types = ([values[row] for row in order] for values in (product_ids, types))
            times = times[order]
        return Events(product_ids[-limit:], times[-limit:].tolist(), types[-limit:])

    def rows(self, user_id: str, types: Mapping[str, ValueType | None]) -> list[dict[str, Any]] | None:
        """The one row of a user, [] if there is none; None if not all of its values are plain.

        Args:
            user_id: The user.
            types: Column -> its frozen type, of the columns that are read.
        """
        if self._users is None or not self._read_users([user_id]):
            return []
        present = {name for name, _ in self._users.columns}
        chosen = [name for name in types if name in present]
        plain = None if self._users.is_irregular else [_PLAIN.get(types[name] or "vector") for name in chosen]
        if plain is None or None in plain:
            return None
        rows = self._rows(self._users, user_id, (names.USER_ID, *chosen))
        if not rows:
            return None if rows is None else []
        values = rows[0][1:]
        fits = (
            value is None or (type(value) in (kinds or ()) and value == value)
            for value, kinds in zip(values, plain, strict=True)
        )
        if len(rows) > 1 or not all(fits):
            return None
        found = dict(zip(chosen, values, strict=True))
        is_real = [name for name in chosen if types[name] == "real" and found[name] is not None]
        return [found | {name: float(found[name]) for name in is_real}]

    def _rows(self, relation: Relation, user_id: str, columns: Sequence[str]) -> list[tuple[Any, ...]] | None:
        """Rows whose first column is the id; None where other ids are among them, or there is no such way."""
        known = canonical_id(user_id)
        rows = self._tables.raw_rows(relation, id_forms([known], [user_id]), columns)
        if rows is None:
            return None
        ids = {row[0] for row in rows}
        is_mine = all(type(value) in (str, int) and canonical_id(str(value)) == known for value in ids)
        return rows if is_mine else None

    def _times(self, stamps: Sequence[Any]) -> np.ndarray | None:
        kinds = set(map(type, stamps))
        if kinds == {str}:
            try:
                # What `epoch_seconds` tries first; texts of other forms are for it.
                seconds = pa.array(stamps, pa.string()).cast(pa.timestamp("s")).cast(pa.int64()).to_numpy()
            except pa.ArrowInvalid:
                return None
        elif kinds == {int}:
            seconds = np.array(stamps, np.int64)
        else:
            return None
        newest = int(time.time()) + names.SECONDS_PER_DAY
        oldest = _FIRST_SECONDS if kinds == {int} else -newest
        oldest = max(oldest, -newest if self._reading.earliest is None else self._reading.earliest)
        return seconds if oldest <= seconds.min() and seconds.max() <= newest else None

    def _types(self, types: Sequence[Any] | None, count: int) -> Sequence[str] | None:
        if types is None:
            return [names.DEFAULT_EVENT_TYPE] * count
        read: dict[Any, str] = {}
        for value in set(types):
            if value is not None and type(value) is not str:
                return None
            read[value] = (canonical_id(value) if value else "") or self._reading.empty_event_type
        return [read[value] for value in types]

    def _may_be_returned(self, columns: Mapping[str, Sequence[Any]], types: Sequence[str]) -> bool:
        """Whether something may have to be taken off, for which all of the rows are needed."""
        if not self._has_returns:
            return False
        quantities = columns.get(names.QUANTITY, ())
        are_numbers = set(map(type, quantities)) <= {int, float, type(None)}
        is_negative = are_numbers and any(value is not None and value < 0 for value in quantities)
        return not are_numbers or is_negative or not set(self._reading.returned).isdisjoint(types)


def _ids(values: Sequence[Any]) -> list[str] | None:
    kinds = set(map(type, values))
    if kinds == {int}:
        return list(map(str, values))
    if kinds != {str} or not all(values):
        return None
    # Letters and digits alone are canonical; blanks, fractions and UUIDs need other characters.
    found = list(values) if "".join(values).isalnum() else list(map(_canonical, values))
    return found if all(found) else None
