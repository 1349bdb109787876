"""Points in time in any of the forms that databases hold, as epoch seconds in UTC."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from schema.errors import UserError
from schema.source.stamps.stamp_units import check_no_calendar, in_seconds

_PATTERN: Final = (
    r"^(?P<day>\d{4}-\d{2}-\d{2})(?:[T ](?P<clock>\d{2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?"
    r" ?(?P<zone>Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$"
)
_EPOCH: Final = r"^-?\d+(?:\.\d*)?$"
_BLANK: Final = r"^\s*(?:0000-00-00(?:[T ]00:00(?::00)?(?:\.0+)?)?|null|none|nan|nat|n/a|-|)\s*$"
_REMEDY: Final = (
    "Remedy: store UTC as ISO text (2024-05-31T18:30:00) or as epoch seconds, or say how they are written "
    "with `format` of the table under `source.tables`, such as '%d.%m.%Y'."
)


def epoch_seconds(values: pa.Array, table: str, column: str, first_row: int = 1) -> pa.Array:
    """Converts stamps to int64 epoch seconds; fractions are rounded down, missing zones mean UTC.

    Args:
        values: Integers or floats (epoch seconds, or milli-, micro- or nanoseconds), ISO text with or
            without time, fraction and zone, text of such numbers, dates or timestamps.
        table: For messages.
        column: For messages.
        first_row: Row number of the first value, for messages.

    Raises:
        UserError: A value is no point in time, or all are numbers that mean days.
    """
    kind = values.type
    if pa.types.is_null(kind):
        return pa.nulls(len(values), pa.int64())
    if pa.types.is_decimal(kind):
        values, kind = values.cast(pa.float64()), pa.float64()
    if pa.types.is_integer(kind):
        check_no_calendar(values, table, column)
        return in_seconds(values, table, column, first_row)
    if pa.types.is_floating(kind):
        check_no_calendar(values, table, column)
        return _floor(values, table, column, first_row)
    if pa.types.is_timestamp(kind):
        return _from_timestamps(values)
    if pa.types.is_date(kind):
        return _from_timestamps(values.cast(pa.timestamp("ms")))
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise UserError(f"Table `{table}`, column `{column}` holds {kind}, no points in time. {_REMEDY}")
    return _from_text(values.cast(pa.string()), table, column, first_row)


def without_blanks(values: pa.Array) -> pa.Array:
    """Returns stamps that may be missing; words for a missing value and zero dates are."""
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return values
    texts = values.cast(pa.string())
    return pc.if_else(_is_blank(texts), pa.scalar(None, pa.string()), texts)


def blanks(values: pa.Array) -> pa.Array:
    """Says which stamps `without_blanks` takes for missing, apart from empty ones."""
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return pa.repeat(False, len(values))
    texts = values.cast(pa.string())
    is_empty = pc.equal(pc.utf8_trim_whitespace(texts), "")
    return pc.fill_null(pc.and_(_is_blank(texts), pc.invert(is_empty)), False)


def _is_blank(texts: pa.Array) -> pa.Array:
    return pc.match_substring_regex(texts, _BLANK, ignore_case=True)


def readable_seconds(values: pa.Array, newest: int) -> pa.Array:
    """Converts stamps one by one where one of them cannot be read: those, and later ones, are missing.

    Args:
        values: As for `epoch_seconds`.
        newest: Largest stamp that is believed.
    """
    try:
        stamps = epoch_seconds(values, "", "")
    except UserError:
        stamps = pa.array([_readable(values.slice(row, 1)) for row in range(len(values))], pa.int64())
    return pc.if_else(pc.less_equal(stamps, newest), stamps, pa.scalar(None, pa.int64()))


def _readable(value: pa.Array) -> int | None:
    try:
        found: int | None = epoch_seconds(value, "", "")[0].as_py()
    except UserError:
        return None
    return found


def _floor(values: pa.Array, table: str, column: str, first_row: int) -> pa.Array:
    finite = pc.is_finite(values.cast(pa.float64()))
    largest = pc.less(pc.abs(values.cast(pa.float64())), 2.0**63)
    good = pc.and_(finite, largest)
    if not pc.all(good, min_count=0).as_py():
        raise _error(values, pc.invert(good), table, column, first_row)
    return in_seconds(pc.floor(values).cast(pa.int64(), safe=False), table, column, first_row)


def _from_timestamps(values: pa.Array) -> pa.Array:
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[values.type.unit]
    ticks = values.cast(pa.int64())
    quotient = pc.divide(ticks, per_second)
    behind = pc.less(ticks, pc.multiply(quotient, per_second))
    return pc.subtract(quotient, behind.cast(pa.int64()))


def _from_text(values: pa.Array, table: str, column: str, first_row: int) -> pa.Array:
    try:
        return values.cast(pa.timestamp("s")).cast(pa.int64())
    except pa.ArrowInvalid:
        pass
    trimmed = pc.utf8_trim_whitespace(values)
    epochs = pc.match_substring_regex(trimmed, _EPOCH)
    digits = pc.if_else(epochs, trimmed, pa.scalar(None, pa.string()))
    parts = pc.extract_regex(pc.if_else(epochs, pa.scalar(None, pa.string()), trimmed), _PATTERN)
    unknown = pc.and_(pc.is_valid(values), pc.and_(pc.is_null(digits), pc.is_null(parts)))
    if pc.any(unknown).as_py():
        raise _error(values, unknown, table, column, first_row)
    try:
        calendar = pc.subtract(_local_seconds(parts), _zone_seconds(pc.struct_field(parts, "zone")))
    except pa.ArrowInvalid:
        raise _error(values, _unreadable(parts), table, column, first_row) from None
    return pc.coalesce(_from_digits(digits, table, column, first_row), calendar)


def _from_digits(digits: pa.Array, table: str, column: str, first_row: int) -> pa.Array:
    """Text of numbers; whole ones do not go through a float, which has too few digits for nanoseconds."""
    whole = pc.replace_substring_regex(digits, r"\.\d*$", "")
    try:
        numbers = whole.cast(pa.int64())
    except pa.ArrowInvalid:
        raise _error(digits, pc.greater(pc.utf8_length(whole), 18), table, column, first_row) from None
    behind = pc.and_(pc.starts_with(digits, "-"), pc.match_substring_regex(digits, r"\.\d*[1-9]"))
    numbers = pc.subtract(numbers, pc.fill_null(behind, False).cast(pa.int64()))
    if digits.null_count < len(digits):
        check_no_calendar(numbers, table, column)
    return in_seconds(numbers, table, column, first_row)


def _local_seconds(parts: pa.Array) -> pa.Array:
    clock = pc.struct_field(parts, "clock")
    clock = pc.if_else(pc.equal(clock, ""), "00:00", clock)
    text = pc.binary_join_element_wise(pc.struct_field(parts, "day"), clock, " ")
    text = pc.if_else(pc.is_null(parts), pa.scalar(None, pa.string()), text)
    return text.cast(pa.timestamp("s")).cast(pa.int64())


def _zone_seconds(zone: pa.Array) -> pa.Array:
    zone = pc.if_else(pc.is_in(zone, pa.array(["", "Z", "z", "UTC"])), "+0000", zone)
    digits = pc.utf8_slice_codeunits(pc.replace_substring(zone, ":", ""), 1)
    hours = pc.utf8_slice_codeunits(digits, 0, 2).cast(pa.int64())
    minutes = pc.utf8_slice_codeunits(digits, 2)
    minutes = pc.if_else(pc.equal(minutes, ""), "0", minutes).cast(pa.int64())
    size = pc.add(pc.multiply(hours, 3600), pc.multiply(minutes, 60))
    return pc.if_else(pc.starts_with(zone, "-"), pc.negate(size), size)


def _unreadable(parts: pa.Array) -> pa.Array:
    """Finds the stamps that have the right form but no place in the calendar, such as a 31 February."""
    bad = []
    for index in range(len(parts)):
        try:
            _local_seconds(parts.slice(index, 1))
            bad.append(False)
        except pa.ArrowInvalid:
            bad.append(True)
    return pa.array(bad)


def _error(values: pa.Array, bad: pa.Array, table: str, column: str, first_row: int) -> UserError:
    index = pc.index(bad, True).as_py()
    return UserError(
        f"Table `{table}`, column `{column}`, row {first_row + index}: not a point in time. "
        f"Received: {values[index].as_py()!r}. {_REMEDY}"
    )
