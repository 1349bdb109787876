"""Rows that belong to no user, to one who is to be forgotten, or to no time of the shop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.reading import GUEST_PREFIX, Reading
from schema.source.contract import EVENTS
from schema.source.forgotten import Forgotten
from schema.source.ids import canonical_id, canonical_ids
from schema.source_settings import SourceSettings

Whose = Callable[[pa.Table, Reading], pa.Table]
"""Leaves the events of users, or of others."""

BY_HASH: Final = "by mail hash"
POPULARITY: Final = "count for popularity only"


def unread(settings: SourceSettings) -> Reading:
    """Returns how rows are read as long as nothing is known of them."""
    events = settings.tables.get(EVENTS)
    reading = Reading() if events is None else Reading(mail_guests=events.guests)
    if settings.guests == "auto":
        return reading
    listed = ("", *(canonical_id(name).lower() for name in settings.guests))
    return reading.model_copy(update={"guests": listed})


def is_guest(user_ids: pa.Array, reading: Reading) -> pa.Array:
    """Says for each canonical id whether it is no user; so is a missing one."""
    placeholders = pc.is_in(pc.utf8_lower(user_ids), pa.array(reading.guests, pa.string()))
    nobody = pc.or_(placeholders, pc.is_null(user_ids))
    return nobody if reading.mail_guests == BY_HASH else pc.or_(nobody, is_mail_guest(user_ids))


def is_mail_guest(user_ids: pa.Array) -> pa.Array:
    """Says for each canonical id whether it stands for a mail address."""
    return pc.fill_null(pc.starts_with(user_ids, GUEST_PREFIX), False)


def read_users(user_ids: Iterable[str], reading: Reading, forgotten: Forgotten) -> set[str]:
    """Returns the canonical ids of those who are neither guests nor forgotten."""
    known = {canonical_id(user_id) for user_id in user_ids}
    if reading.mail_guests != BY_HASH:
        known = {user_id for user_id in known if not user_id.startswith(GUEST_PREFIX)}
    return {
        user_id for user_id in known if user_id.lower() not in reading.guests and user_id not in forgotten
    }


def without_forgotten(rows: pa.Table, forgotten: Forgotten) -> pa.Table:
    """Returns rows, with ids in any form, without those of users who are to be forgotten."""
    if not forgotten or names.USER_ID not in rows.column_names:
        return rows
    ids = pa.chunked_array([canonical_ids(part) for part in rows[names.USER_ID].chunks], pa.string())
    return rows.filter(pc.invert(forgotten.flags(ids)))


def is_early(stamps: pa.Array, reading: Reading) -> pa.Array:
    """Says for each stamp whether it lies before the time of the shop."""
    if reading.earliest is None:
        return pc.is_in(stamps, pa.array([], pa.int64()))
    return pc.fill_null(pc.less(stamps, reading.earliest), False)


def of_mail_guests(events: pa.Table, reading: Reading) -> pa.Table:
    """Returns the events of guests that count for popularity only, without outlying stamps."""
    if reading.mail_guests != POPULARITY:
        return events.slice(0, 0)
    kept = pc.and_not(is_mail_guest(events[names.USER_ID]), is_early(events[names.OCCURRED_AT], reading))
    return events.filter(kept)


def of_users(events: pa.Table, reading: Reading) -> pa.Table:
    """Returns the events without those of guests and without outlying stamps."""
    left_out = is_guest(events[names.USER_ID], reading)
    if reading.earliest is not None:
        left_out = pc.or_(left_out, is_early(events[names.OCCURRED_AT], reading))
    return events.filter(pc.invert(left_out)) if pc.any(left_out).as_py() else events
