"""What is left of the events when guests, outlying stamps and returns are taken off."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.errors import UserError
from schema.profiling.event_tally import EventTally
from schema.reading import UNKNOWN_TYPE
from schema.source.contract import EVENTS
from schema.source.product_source import ProductSource
from schema.source.returns import Settled

_EVENTS_PER_RANGE: Final = 250_000


@dataclass
class UsedEvents:
    """The events that are used.

    Attributes:
        num_events: Their number.
        oldest: Stamp of the oldest.
        newest: Stamp of the newest.
        types: Event type -> number of them.
        users: Their users.
        guests: Guest -> number of events that are left out.
        num_early: Events that are left out since their stamp is an outlier.
        returns: What returns came to; without events.
    """

    num_events: int
    oldest: int
    newest: int
    types: Counter[str]
    users: set[str]
    guests: Counter[str]
    num_early: int
    returns: Settled

    @property
    def event_types(self) -> dict[str, int]:
        """Event type -> number of events, most frequent first."""
        return dict(sorted(self.types.items(), key=lambda item: (-item[1], item[0])))

    def shares(self, tally: EventTally) -> dict[str, float]:
        """Returns the shares that gates look at."""
        counts = [count for name, count in tally.by_user.items() if name not in self.guests]
        total = max(1, sum(counts))
        return {
            "repeats": tally.num_repeats() / max(1, tally.num_events),
            "top_user": max(counts, default=0) / total,
            "top_product": max(tally.by_product.values(), default=0) / max(1, tally.num_events),
            "outlying_stamps": self.num_early / max(1, tally.num_events),
        }


def used_events(source: ProductSource, tally: EventTally) -> UsedEvents:
    """Returns what is used of all events; reads them once more only where some of them are not used."""
    reading = source.reading
    guests = tally.guests + Counter(
        {name: count for name, count in tally.by_user.items() if name.lower() in reading.guests}
    )
    has_returns = reading.returns != "count" and (
        any(name in tally.types for name in reading.returned)
        or any(tally.negative[name] for name in reading.bought)
        or bool(tally.negative[UNKNOWN_TYPE])
    )
    if not has_returns and reading.earliest is None and guests == tally.guests:
        types = Counter(tally.types)
        if UNKNOWN_TYPE in types:
            types[reading.empty_event_type] += types.pop(UNKNOWN_TYPE)
        return UsedEvents(
            num_events=tally.num_events,
            oldest=tally.oldest,
            newest=tally.newest,
            types=types,
            users=set(tally.by_user),
            guests=guests,
            num_early=0,
            returns=Settled(pa.table({})),
        )
    return _read_again(source, tally, guests)


def check_left(source: ProductSource, used: UsedEvents, tally: EventTally) -> None:
    """Raises UserError if no event is left."""
    if used.num_events:
        return
    returned = used.returns.num_returns + used.returns.num_taken_back
    raise UserError(
        f"Table `{source.name_of(EVENTS)}` has no event that can be used. Received: {tally.num_rows:,} rows, "
        f"of them {sum(used.guests.values()):,} of guests, {used.num_early:,} of an outlying time, and "
        f"{returned:,} returns and what they take back. Remedy: check the signs of the quantities and the "
        "types of events, or set `events.returns` or `source.guests`."
    )


def _read_again(source: ProductSource, tally: EventTally, guests: Counter[str]) -> UsedEvents:
    used = UsedEvents(0, 0, 0, Counter(), set(), guests, 0, Settled(pa.table({})))
    for users in source.partitions(-(-tally.num_rows // _EVENTS_PER_RANGE)):
        settled = source.settled_events(users)
        _add(used, settled)
    left_out = used.returns.num_returns + used.returns.num_taken_back
    left_out += tally.num_forgotten
    used.num_early = tally.num_rows - sum(guests.values()) - used.num_events - left_out
    return used


def _add(used: UsedEvents, settled: Settled) -> None:
    events = settled.events
    used.returns = replace(
        used.returns,
        num_returns=used.returns.num_returns + settled.num_returns,
        num_taken_back=used.returns.num_taken_back + settled.num_taken_back,
        num_unmatched=used.returns.num_unmatched + settled.num_unmatched,
    )
    if not events.num_rows:
        return
    bounds = pc.min_max(events[names.OCCURRED_AT]).as_py()
    used.oldest = bounds["min"] if not used.num_events else min(used.oldest, bounds["min"])
    used.newest = max(used.newest, bounds["max"])
    used.num_events += events.num_rows
    for item in events[names.EVENT_TYPE].value_counts().to_pylist():
        used.types[item["values"]] += item["counts"]
    used.users.update(pc.unique(events[names.USER_ID]).to_pylist())
