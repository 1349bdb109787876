"""Whether the filters and preferences of a request fit the columns of products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schema.features import FeatureColumn, Kind
from schema.numbers import number_of
from schema.rules import Range
from serving.problems import ProblemError


def check_conditions(field: str, wanted: Mapping[str, Any], columns: Mapping[str, FeatureColumn]) -> None:
    """Refuses conditions that no product can ever meet.

    Args:
        field: `filters` or `preferences`, for messages.
        wanted: Column -> value, values or range.
        columns: Columns of products by name.

    Raises:
        ProblemError: 422.
    """
    for name, condition in wanted.items():
        column = columns.get(name)
        if column is None:
            continue
        place = f"{field}.{name}"
        if column.kind in (Kind.EMBEDDING, Kind.IGNORE):
            raise ProblemError(422, f"{place}: the column cannot be compared: it is `{column.kind.value}`.")
        if isinstance(condition, Range):
            if column.kind is not Kind.NUMBER:
                raise ProblemError(422, f"{place}: the column holds no numbers, so a range fits none of it.")
        elif column.kind is Kind.NUMBER:
            _check_numbers(place, condition)


def _check_numbers(place: str, condition: Any) -> None:
    choices = condition if isinstance(condition, list | tuple) else [condition]
    for choice in choices:
        if isinstance(choice, str) and number_of(choice) is None:
            raise ProblemError(422, f"{place}: the column holds numbers. Received: {choice!r}.")
