"""Values of requests and rows, brought to what their column was when it was frozen."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from schema.features import FeatureColumn, Kind
from schema.values.members import members
from schema.values.numbers import number_of

_LARGEST: Final = 3.4e38
"""What float32 holds."""


def fitted(value: Any, column: FeatureColumn) -> Any:
    """Returns a value as its column holds it, None if it is missing or does not fit.

    A number may come as text and a flag as a number; the same value is the same on every way. Of sets and
    paths these are the members.
    """
    if value is None:
        return None
    if column.has_members:
        return members(value, column)
    if column.kind is Kind.EMBEDDING:
        return _vector(value, column.dim)
    if column.kind is Kind.NUMBER or column.type == "real":
        return _number(value)
    if column.type == "integer":
        number = _number(value)
        return None if number is None or number != math.floor(number) else _integer(value, number)
    if isinstance(value, bool) and column.type is not None:
        return str(int(value))
    return value


def unfit(values: Mapping[str, Any], columns: Mapping[str, FeatureColumn]) -> list[str]:
    """Returns the columns whose given value does not fit."""
    return [
        name
        for name, value in values.items()
        if name in columns and value is not None and fitted(value, columns[name]) is None
    ]


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        value = number_of(value)
    if not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        return None
    return float(value)


def _integer(value: Any, number: float) -> int:
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]+\s*", value):
        return int(value)
    return int(value) if isinstance(value, int) else int(number)


def _vector(value: Any, dim: int) -> list[float] | None:
    try:
        found = [float(number) for number in value]
    except (TypeError, ValueError, OverflowError):
        return None
    return found if len(found) == dim and all(abs(number) <= _LARGEST for number in found) else None
