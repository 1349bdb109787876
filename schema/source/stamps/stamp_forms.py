"""Points in time that are not in UTC or not in ISO form: brought to what `stamps` reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from schema.errors import UserError

RFC_2822: Final = "rfc2822"
"""The format of mail headers: `Mon, 23 Sep 2024 14:21:24 +0000`."""

_RFC_PATTERN: Final = "%a, %d %b %Y %H:%M:%S %z"
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DIRECTIVES: Final = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "b": r"(?P<b>[A-Za-z]{3})[a-z]*",
    "H": r"(?P<H>\d{1,2})",
    "I": r"(?P<I>\d{1,2})",
    "M": r"(?P<M>\d{2})",
    "S": r"(?P<S>\d{2})(?:[.,]\d+)?",
    "p": r"(?P<p>[AaPp])\.?[Mm]\.?",
    "z": r"(?P<z>Z|UTC|UT|GMT|[+-]\d{2}:?\d{2})",
    "a": r"[A-Za-z]+",
    "%": "%",
}
_POSSIBLE: Final = (
    r"^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)"
)
_ISO_WITHOUT_ZONE: Final = (
    r"^\s*(?P<day>\d{4}-\d{2}-\d{2})(?:[T ](?P<clock>\d{2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?)?\s*$"
)


@dataclass(frozen=True)
class StampForm:
    """How a table writes points in time.

    Attributes:
        timezone: IANA name of the zone of stamps that name none; UTC by default.
        format: `rfc2822`, or directives of `strptime`; ISO text and epoch seconds are understood anyway.
    """

    timezone: str | None = None
    format: str | None = None


UTC_ISO: Final = StampForm()
"""What is read without any configuration."""


def check_form(form: StampForm, key: str) -> None:
    """Raises UserError if a zone or format is not understood; `key` is that of the table's mapping."""
    if form.format is not None:
        _regex(form.format, f"{key}.format")
    if form.timezone is None:
        return
    try:
        pc.assume_timezone(pa.array([0], pa.timestamp("s")), form.timezone)
    except (pa.ArrowInvalid, ValueError, OSError) as error:
        raise UserError(
            f"Time zone {form.timezone!r} is unknown (`{key}.timezone` or `source.timezone`). "
            "Remedy: use an IANA name such as Europe/Paris."
        ) from error


def to_utc(values: pa.Array, form: StampForm) -> pa.Array:
    """Writes stamps so that they can be read as ISO in UTC; what the form does not fit stays as it is.

    A local time that comes twice is the first of the two; one that is skipped is the end of the gap.

    Args:
        values: As they come from the database.
        form: How the table writes them.
    """
    if pa.types.is_date(values.type):
        values = values.cast(pa.timestamp("s"))
    if pa.types.is_timestamp(values.type):
        return values if values.type.tz or not form.timezone else _assume(values, form.timezone)
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return values
    text = values.cast(pa.string())
    if form.format is not None:
        text = pc.coalesce(_iso(text, form.format), text)
    return text if form.timezone is None else pc.coalesce(_in_utc(text, form.timezone), text)


def _assume(values: pa.Array, timezone: str) -> pa.Array:
    return pc.assume_timezone(values, timezone, ambiguous="earliest", nonexistent="latest")


def _in_utc(text: pa.Array, timezone: str) -> pa.Array:
    """ISO text in UTC of those values that name no zone; null for all others."""
    parts = pc.extract_regex(text, _ISO_WITHOUT_ZONE)
    clock = pc.struct_field(parts, "clock")
    clock = pc.if_else(pc.equal(clock, ""), "00:00", clock)
    local = _calendar(pc.binary_join_element_wise(pc.struct_field(parts, "day"), clock, " "))
    return pc.strftime(_assume(local, timezone).cast(pa.timestamp("s", "UTC")), "%Y-%m-%dT%H:%M:%SZ")


def _calendar(text: pa.Array) -> pa.Array:
    """Timestamps; null where there is no such day."""
    kind = pa.timestamp("s")
    try:
        return text.cast(kind)
    except pa.ArrowInvalid:
        single = [_cast_one(value, kind) for value in text]
        return pa.array(single, pa.int64()).cast(kind)


def _cast_one(value: pa.Scalar, kind: pa.DataType) -> int | None:
    try:
        seconds: int | None = value.cast(kind).cast(pa.int64()).as_py()
        return seconds
    except pa.ArrowInvalid:
        return None


def _iso(text: pa.Array, pattern: str) -> pa.Array:
    """ISO text of those values that have the format; null for all others."""
    parts = pc.extract_regex(text, _regex(pattern, "format"))
    fields = {field.name: pc.struct_field(parts, field.name) for field in parts.type}
    zero = pc.if_else(pc.is_valid(parts), "00", pa.scalar(None, pa.string()))
    pieces = [
        _year(fields),
        "-",
        _two(_month(fields)),
        "-",
        _two(fields["d"]),
        "T",
        _two(_hour(fields, zero)),
        ":",
        fields.get("M", zero),
        ":",
        _or_zero(fields.get("S", zero)),
        _zone(fields, zero),
    ]
    iso = pc.binary_join_element_wise(*pieces, "")
    return pc.if_else(pc.match_substring_regex(iso, _POSSIBLE), iso, pa.scalar(None, pa.string()))


def _year(fields: dict[str, pa.Array]) -> pa.Array:
    if "Y" in fields:
        return fields["Y"]
    century = pc.if_else(pc.less(fields["y"], "69"), "20", "19")
    return pc.binary_join_element_wise(century, fields["y"], "")


def _month(fields: dict[str, pa.Array]) -> pa.Array:
    if "m" in fields:
        return fields["m"]
    index = pc.index_in(pc.utf8_lower(fields["b"]), pa.array(_MONTHS))
    return pc.add(index, 1).cast(pa.string())


def _hour(fields: dict[str, pa.Array], zero: pa.Array) -> pa.Array:
    if "I" not in fields:
        return fields.get("H", zero)
    hour = fields["I"].cast(pa.int64())
    hour = pc.if_else(pc.equal(hour, 12), 0, hour)
    if "p" in fields:
        hour = pc.add(hour, pc.if_else(pc.equal(pc.utf8_lower(fields["p"]), "p"), 12, 0))
    return hour.cast(pa.string())


def _zone(fields: dict[str, pa.Array], zero: pa.Array) -> pa.Array:
    if "z" not in fields:
        return pc.if_else(pc.is_valid(zero), "", zero)
    named = pc.is_in(fields["z"], pa.array(["Z", "UTC", "UT", "GMT"]))
    return pc.if_else(named, "Z", fields["z"])


def _or_zero(digits: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(digits, ""), "00", digits)


def _two(digits: pa.Array) -> pa.Array:
    return pc.utf8_lpad(digits, 2, "0")


@lru_cache(maxsize=32)
def _regex(pattern: str, key: str) -> str:
    if pattern.lower().replace(" ", "") == RFC_2822:
        return (
            _regex(_RFC_PATTERN, key)
            .replace("[A-Za-z]+, ", "(?:[A-Za-z]+, )?")
            .replace(r":(?P<S>\d{2})", r"(?::(?P<S>\d{2}))?")
        )
    found = re.findall(r"%(.)", pattern)
    unknown = [f"%{name}" for name in found if name not in _DIRECTIVES]
    whole = "d" in found and {"m", "b"} & set(found) and {"Y", "y"} & set(found)
    if unknown or not whole or len(found) != len(set(found)):
        known = ", ".join(f"%{name}" for name in _DIRECTIVES)
        raise UserError(
            f"Configuration key `{key}`: {unknown[0] if unknown else 'a day, month and year'} "
            f"{'is no known directive' if unknown else 'must be in the format, each once'}. Received: "
            f"{pattern!r}. Remedy: `rfc2822`, or directives such as '%d.%m.%Y %H:%M'. Known: {known}."
        )
    literal = re.split(r"(%.)", pattern)
    parts = [_DIRECTIVES[piece[1]] if piece[:1] == "%" else re.escape(piece) for piece in literal]
    return r"^\s*" + "".join(parts).replace(r"\ ", " ") + r"\s*$"
