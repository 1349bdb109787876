"""Numbers as points in time: the unit of a column is told by its size, and days are told apart from them."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from schema.errors import UserError

_UNITS: Final = (("seconds", 1), ("milliseconds", 10**3), ("microseconds", 10**6), ("nanoseconds", 10**9))
_LARGEST_SECONDS: Final = 10**11
"""The year 5138 in seconds, and 1973 in milliseconds."""

_YYYYMM: Final = r"^(?:19|20|21)\d{2}(?:0[1-9]|1[0-2])$"
_YYYYMMDD: Final = r"^(?:19|20|21)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$"
_WITH_CLOCK: Final = _YYYYMMDD[:-1] + r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?$"
_DAYS: Final = {
    "days since 1900, as Excel writes dates": (20_000, 80_000, "(value - 25569) * 86400"),
    "Julian days": (2_400_000, 2_500_000, "(value - 2440587.5) * 86400"),
    "years": (1_900, 2_199, "ISO text of the day, such as 2024-05-31"),
}
"""What numbers of days are called -> from, to, and the SQL that makes epoch seconds of them."""


def in_seconds(numbers: pa.Array, table: str, column: str, first_row: int) -> pa.Array:
    """Returns numbers since 1970 as whole seconds, whatever the unit of all of them is.

    Raises:
        UserError: They are not all of one unit.
    """
    numbers = _signed(numbers, table, column)
    size = pc.abs(numbers)
    if not (pc.max(size).as_py() or 0) >= _LARGEST_SECONDS:
        return numbers
    unit = _unit(pc.max(size).as_py())
    divisor = _UNITS[unit][1]
    smaller = pc.and_(pc.less(size, _LARGEST_SECONDS * divisor // 1000), pc.not_equal(numbers, 0))
    if pc.any(smaller).as_py():
        index = pc.index(smaller, True).as_py()
        raise UserError(
            f"Table `{table}`, column `{column}`, row {first_row + index}: stamps must all be of one unit, "
            f"and others are {_UNITS[unit][0]}. Received: {numbers[index].as_py()}. Remedy: store "
            "epoch seconds."
        )
    quotient = pc.divide(numbers, divisor)
    behind = pc.less(numbers, pc.multiply(quotient, divisor))
    return pc.subtract(quotient, behind.cast(pa.int64()))


def unit_of(values: pa.Array) -> str | None:
    """Returns the unit of numbers or text of numbers; None for other values, or if there are none."""
    if pa.types.is_string(values.type):
        digits = pc.match_substring_regex(values, r"^\s*-?\d{12,}(?:\.\d*)?\s*$")
        sized = values.filter(pc.fill_null(digits, False))
        if not len(sized):
            return None
        return _UNITS[_unit(max(abs(int(float(text))) for text in sized.to_pylist()))][0]
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        return None
    largest = pc.max(pc.abs(values.cast(pa.float64(), safe=False))).as_py()
    return None if largest is None else _UNITS[_unit(largest)][0]


def check_no_calendar(numbers: pa.Array, table: str, column: str) -> None:
    """Refuses numbers that all are days or calendar dates.

    Raises:
        UserError: They are; with the conversion.
    """
    known = numbers.drop_null()
    if not len(known):
        return
    low, high = (bound.as_py() for bound in (pc.min(known), pc.max(known)))
    for what, (start, end, conversion) in _DAYS.items():
        if start <= low and high <= end:
            raise _days_error(table, column, what, low, conversion)
    if low < 1900_00:
        return
    texts = (
        pc.floor(known).cast(pa.int64(), safe=False) if pa.types.is_floating(known.type) else known
    ).cast(pa.string())
    if pc.all(pc.match_substring_regex(texts, _YYYYMM)).as_py():
        raise _days_error(table, column, "months as YYYYMM", low, "ISO text of the day, such as 2024-05-31")
    if pc.all(pc.match_substring_regex(texts, _YYYYMMDD)).as_py():
        day = texts[0].as_py()
        iso = f"{day[:4]}-{day[4:6]}-{day[6:]}"
        raise _days_error(table, column, "dates as YYYYMMDD", day, f"ISO text, such as {iso}")
    if pc.all(pc.match_substring_regex(texts, _WITH_CLOCK)).as_py():
        day = texts[0].as_py()
        iso = f"{day[:4]}-{day[4:6]}-{day[6:8]}T{day[8:10]}:{day[10:12]}:{day[12:] or '00'}"
        raise _days_error(table, column, "dates as YYYYMMDDHHMMSS", day, f"ISO text, such as {iso}")


def _days_error(table: str, column: str, what: str, value: object, conversion: str) -> UserError:
    return UserError(
        f"Table `{table}`, column `{column}` holds {what}, no points in time. Received: {value}. "
        f"Remedy: convert them to {conversion}."
    )


def _signed(numbers: pa.Array, table: str, column: str) -> pa.Array:
    try:
        return numbers.cast(pa.int64())
    except pa.ArrowInvalid as error:
        raise UserError(
            f"Table `{table}`, column `{column}`: a number is too large for a point in time. Remedy: store "
            "epoch seconds."
        ) from error


def _unit(size: float) -> int:
    return next(
        (index for index, (_, per) in enumerate(_UNITS) if size < _LARGEST_SECONDS * per), len(_UNITS) - 1
    )
