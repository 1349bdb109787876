"""How the rows of a database are read, decided once from all of them and then the same everywhere."""

from __future__ import annotations

from typing import Final, Literal

from schema.settings import Settings

PLACEHOLDERS: Final = (
    *("", "null", "(null)", "\\n", "none", "nan", "n/a", "nil", "undefined", "-1"),
    *("guest", "anonymous", "anon", "not set", "(not set)", "[null]", "<null>", "<na>", "#n/a"),
    *("00000000-0000-0000-0000-000000000000", "0" * 32),
)
"""Ids of users that stand for "nobody", in small letters."""

UNKNOWN_TYPE: Final = "unknown"
"""Type of an event whose type is empty although others have one."""


GUEST_PREFIX: Final = "guest-"
"""What the ids begin with of guests who are told apart by the hash of their mail address."""

GuestTreatment = Literal["by mail hash", "drop", "count for popularity only"]
"""What is done with them: users like others, left out, or sales of a product that nobody's history has."""


class Reading(Settings):
    """What was decided about the rows when all of them were read."""

    guests: tuple[str, ...] = PLACEHOLDERS
    """Ids, in small letters, that are no user: their events are left out."""
    mail_guests: GuestTreatment = "by mail hash"
    """What is done with guests who have an id by the hash of their mail address."""
    irregular: tuple[str, ...] = ()
    """Tables of the contract whose user or product ids are not stored in their canonical form."""
    empty_event_type: str = UNKNOWN_TYPE
    """Type of events whose type is empty."""
    returns: Literal["net", "ignore", "count"] = "count"
    """What is done with returned products."""
    bought: tuple[str, ...] = ()
    """Types of events that are returned by a negative quantity."""
    returned: tuple[str, ...] = ()
    """Types of events that take a purchase back."""
    earliest: int | None = None
    """Stamps before this one are outliers: their events are left out."""
