"""Holds the features of a product that a request brings to the columns that the model knows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from schema.features import FeatureColumn, FeatureSet, Kind
from schema.values.members import MAX_MEMBERS, all_members
from serving.problems import ProblemError

_LONGEST_TEXT = 10_000
_LARGEST = 3.0e38  # what float32 holds


def checked_features(features: FeatureSet, given: Mapping[str, Any]) -> dict[str, Any]:
    """The given values, of which None is a missing one.

    Raises:
        ProblemError: 422, naming the field: no such column, or a value that is not of its kind.
    """
    columns = {column.name: column for column in features.products if column.kind is not Kind.IGNORE}
    for name in given:
        if name not in columns:
            raise ProblemError(422, f"features.{name}: no such column. Known: {', '.join(columns)}.")
    return {name: checked_value(columns[name], value) for name, value in given.items() if value is not None}


def checked_value(column: FeatureColumn, value: Any) -> Any:
    """The value as its column holds it.

    Raises:
        ProblemError: 422, it is not of the column's kind.
    """
    if column.kind is Kind.NUMBER:
        if not _is_number(value):
            raise _wrong(column, "a finite number", value)
        return float(value)
    if column.kind is Kind.EMBEDDING:
        return _vector(column, value)
    if column.has_members:
        return _members(column, value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _wrong(column, "a text" if column.kind is Kind.TEXT else "a text or a number", value)
    if len(str(value)) > _LONGEST_TEXT:
        raise ProblemError(422, f"features.{column.name}: at most {_LONGEST_TEXT} characters.")
    return value


def _members(column: FeatureColumn, value: Any) -> list[str]:
    """Of a text as the database writes it, or of a list."""
    parts = value if isinstance(value, list) else [value]
    if any(isinstance(part, bool) or not isinstance(part, str | int | float) for part in parts):
        raise _wrong(column, "a text, or a list of texts", value)
    found = all_members(value, column)
    if len(found) > MAX_MEMBERS or len(str(value)) > _LONGEST_TEXT:
        raise ProblemError(
            422, f"features.{column.name}: at most {MAX_MEMBERS} values of {_LONGEST_TEXT} characters in all."
        )
    return list(found)


def _vector(column: FeatureColumn, value: Any) -> list[float]:
    if not isinstance(value, list) or not all(map(_is_number, value)):
        raise _wrong(column, f"a list of {column.dim} finite numbers", value)
    if len(value) != column.dim:
        raise ProblemError(
            422, f"features.{column.name}: {column.dim} numbers. Received: a list of {len(value)}."
        )
    return [float(number) for number in value]


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) <= _LARGEST and math.isfinite(value)


def _wrong(column: FeatureColumn, wanted: str, value: Any) -> ProblemError:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else shown[:59] + "…"
    return ProblemError(422, f"features.{column.name}: {wanted}. Received: {shown}.")
