"""Guesses how the texts of a column write points in time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from schema.errors import UserError
from schema.source.stamps.stamp_forms import RFC_2822, StampForm, to_utc
from schema.source.stamps.stamps import epoch_seconds

ISO: Final = "iso"
"""What `guess_format` calls text that needs no format."""

_ZERO: Final = re.compile(r"^0000-00-00")
_DAYS: Final = (
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%Y/%m/%d",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d-%b-%Y",
    "%d %b %Y",
)
_CLOCKS: Final = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_MIN_VALUES: Final = 1
_MOST_TRIED: Final = 100


def guess_format(values: Sequence[str]) -> str | None:
    """Returns `iso`, a format that all values have, or None if they are no points in time.

    Days stand before months where the values leave it open, unless they are written with slashes and the
    clock has twelve hours.
    """
    tried = [value for value in values[:_MOST_TRIED] if not _ZERO.match(value)]
    if len(tried) < _MIN_VALUES or not all(any(c.isdigit() for c in value) for value in tried):
        return None
    if all(re.match(r"^\s*\d{4}-\d{2}-\d{2}", value) for value in tried):
        return ISO if _fits(tried, None) else None
    formats = [day + clock for clock in _CLOCKS for day in _DAYS]
    return next((form for form in [RFC_2822, *formats] if _fits(tried, form)), None)


def fits(values: Sequence[str], form: str) -> bool:
    """Says whether all values have a format."""
    return bool(values) and _fits([value for value in values if not _ZERO.match(value)], form)


def _fits(values: Sequence[str], form: str | None) -> bool:
    array = pa.array(list(values), pa.string())
    try:
        converted = to_utc(array, StampForm(None, form))
        if form is not None and pc.any(pc.equal(converted, array)).as_py():
            return False
        epoch_seconds(converted, "", "")
    except UserError:
        return False
    return True
