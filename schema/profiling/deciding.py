"""Decides from all rows how they are read: who is no user, what is a return, which stamps are outliers."""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np

from schema import names
from schema.events import bought_types, event_weights, return_types
from schema.profiling.event_tally import EventTally
from schema.reading import UNKNOWN_TYPE, Reading
from schema.source.cells.forms import CHANGED_IDS
from schema.source.contract import EVENTS, PRODUCTS, USERS
from schema.source.product_source import ProductSource
from schema.source_settings import EventSettings

ZERO: Final = "0"
_MIN_USERS: Final = 20
_OUTLYING_SHARE: Final = 0.1
_OUTLYING_FACTOR: Final = 20
_ORDINARY_FACTOR: Final = 3
_TAIL: Final = 0.005
_SPANS: Final = 3
_MIN_GAP_DAYS: Final = 730


def decide_reading(
    source: ProductSource, tally: EventTally, listed_users: set[str], guests: bool, settings: EventSettings
) -> Reading:
    """Returns how the rows are read from now on.

    Args:
        source: The database, with how it was read until now, and its findings.
        tally: All events.
        listed_users: Ids of the table of users.
        guests: Whether ids that stand for nobody are looked for.
        settings: Configured weights and returns.
    """
    reading = source.reading
    types = list(tally.event_types())
    empty = names.DEFAULT_EVENT_TYPE if types == [UNKNOWN_TYPE] else UNKNOWN_TYPE
    types = [empty] if types == [UNKNOWN_TYPE] else types
    returned = () if settings.returns == "count" else return_types(types, settings)
    weights = event_weights([name for name in types if name not in returned], settings)
    found = tuple(outlying_users(tally.by_user, listed_users)) if guests else ()
    return reading.model_copy(
        update={
            "guests": (*reading.guests, *(name.lower() for name in found)),
            "irregular": _irregular(source),
            "empty_event_type": empty,
            "returns": settings.returns,
            "bought": bought_types(weights),
            "returned": returned,
            "earliest": earliest_stamp(tally.by_day),
        }
    )


def outlying_users(by_user: Counter[str], known_ids: set[str]) -> list[str]:
    """Returns ids that cannot be a user: with so many events as nobody else, or `0` where it is none.

    Args:
        by_user: User -> number of events.
        known_ids: Ids of the table of users.
    """
    total, found = sum(by_user.values()), []
    counts = np.array(sorted(by_user.values()))
    if len(counts) >= _MIN_USERS:
        limit = max(_OUTLYING_SHARE * total, _OUTLYING_FACTOR * float(np.median(counts)))
        found = [name for name, count in by_user.items() if count > limit]
    if ZERO in by_user and ZERO not in found and ZERO not in known_ids:
        others = max((count for name, count in by_user.items() if name != ZERO), default=0)
        if known_ids or by_user[ZERO] > _ORDINARY_FACTOR * others:
            found.append(ZERO)
    return sorted(found)


def earliest_stamp(by_day: Counter[int]) -> int | None:
    """Returns the stamp before which events are outliers, such as one of the year 1; None if there is none.

    Args:
        by_day: Day since 1970 -> number of events.
    """
    days = np.array(sorted(by_day))
    if not len(days):
        return None
    counts = np.cumsum([by_day[day] for day in days.tolist()])
    total = int(counts[-1])
    few = min(max(1, int(_TAIL * total)), max(0, total - 1))
    low, high = (int(days[np.searchsorted(counts, rank, side="right")]) for rank in (few, total - few - 1))
    limit = low - max(_SPANS * (high - low), _MIN_GAP_DAYS)
    return limit * names.SECONDS_PER_DAY if days[0] < limit else None


def _irregular(source: ProductSource) -> tuple[str, ...]:
    """Tables whose keys are stored in another form than the canonical one."""
    if source.findings is None:
        return ()
    changed = {
        (finding.table, finding.column) for finding in source.findings.all() if finding.kind == CHANGED_IDS
    }
    keys = {USERS: names.USER_ID, PRODUCTS: names.PRODUCT_ID, EVENTS: names.USER_ID}
    return tuple(
        table for table, key in keys.items() if (source.name_of(table), source.name_of(table, key)) in changed
    )
