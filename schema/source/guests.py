"""Rows that belong to no user, to one who is to be forgotten, or to no time of the shop."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.reading import Reading
from schema.source.forgotten import Forgotten
from schema.source.ids import canonical_id, canonical_ids
from schema.source_settings import SourceSettings


def unread(settings: SourceSettings) -> Reading:
    """Returns how rows are read as long as nothing is known of them."""
    if settings.guests == "auto":
        return Reading()
    return Reading(guests=("", *(canonical_id(name).lower() for name in settings.guests)))


def is_guest(user_ids: pa.Array, reading: Reading) -> pa.Array:
    """Says for each canonical id whether it is no user; so is a missing one."""
    placeholders = pc.is_in(pc.utf8_lower(user_ids), pa.array(reading.guests, pa.string()))
    return pc.or_(placeholders, pc.is_null(user_ids))


def read_users(user_ids: Iterable[str], reading: Reading, forgotten: Forgotten) -> set[str]:
    """Returns the canonical ids of those who are neither guests nor forgotten."""
    known = {canonical_id(user_id) for user_id in user_ids}
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


def of_users(events: pa.Table, reading: Reading) -> pa.Table:
    """Returns the events without those of guests and without outlying stamps."""
    left_out = is_guest(events[names.USER_ID], reading)
    if reading.earliest is not None:
        left_out = pc.or_(left_out, is_early(events[names.OCCURRED_AT], reading))
    return events.filter(pc.invert(left_out)) if pc.any(left_out).as_py() else events
