"""Numbers as people and spreadsheets write them: `12.99`, `12,99`, `1.234,50 €`, `$1,234.50`."""

from __future__ import annotations

import math
import re
from typing import Final, Literal

DecimalMark = Literal["auto", ".", ","]
"""What stands before the fraction; `auto` tells it from each number."""

_CURRENCY: Final = r"(?:[$€£¥₹₽₺]|USD|EUR|GBP|CHF|JPY|R\$|kr|zł)"
_GROUPS: Final = ".,'’ \u00a0\u202f"
_SHAPE: Final = re.compile(
    rf"\s*(?P<sign>[+-]?)\s*{_CURRENCY}?\s*(?P<inner>[+-]?)(?P<body>[0-9{_GROUPS}]*[0-9][.,]?)"
    rf"\s*{_CURRENCY}?\s*"
)
_PLAIN: Final = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*")
_GROUPED: Final = re.compile(rf"[0-9]{{1,3}}(?:(?P<mark>[{_GROUPS}])[0-9]{{3}})(?:(?P=mark)[0-9]{{3}})*")
_CODE: Final = re.compile(r"\s*[+-]?0[0-9]+(?:\.0*)?\s*")
_CODE_NAMES: Final = frozenset(
    {"id", "code", "zip", "zipcode", "postcode", "sku", "ean", "upc", "gtin", "key"}
)


def number_of(text: str, decimal: DecimalMark = "auto") -> float | None:
    """Returns the number that a text is, None if it is none or could be one of two (`1,234`).

    Args:
        text: A value.
        decimal: What stands before the fraction.
    """
    text = text.replace("\u2212", "-")
    if _PLAIN.fullmatch(text) and not (decimal == "," and "." in text):
        return _finite(float(text))
    shape = _SHAPE.fullmatch(text)
    if shape is None or (shape["sign"] and shape["inner"]):
        return None
    body = _without_groups(shape["body"], decimal)
    if body is None:
        return None
    return _finite(float(body) * (-1 if "-" in (shape["sign"], shape["inner"]) else 1))


def is_code(text: str) -> bool:
    """Whether a text of digits begins with a zero that a number would lose."""
    return _CODE.fullmatch(text) is not None


def named_like_a_code(name: str) -> bool:
    """Whether a column is called like one of codes."""
    words = set(name.lower().replace("-", "_").replace(" ", "_").split("_"))
    return bool(_CODE_NAMES & words) or name.endswith("Id")


def _without_groups(body: str, decimal: DecimalMark) -> str | None:
    """Digits with a point before the fraction."""
    marks = [character for character in body if not character.isdigit()]
    if not marks:
        return body
    last = marks[-1]
    grouped = _GROUPED.fullmatch(body)
    if decimal == "auto":
        if grouped and len(marks) == 1 and last in ",":
            return None
        fraction = last in ".," and marks.count(last) == 1 and not (grouped and len(marks) > 1)
    else:
        fraction = last == decimal and marks.count(last) == 1
    if not fraction:
        return "".join(filter(str.isdigit, body)) if grouped else None
    whole, rest = body.rsplit(last, 1)
    if not rest.isdigit() and rest:
        return None
    if not whole.isdigit() and whole and not _GROUPED.fullmatch(whole):
        return None
    return f"{''.join(filter(str.isdigit, whole)) or '0'}.{rest or '0'}"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
