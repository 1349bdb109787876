"""Whether the filters and preferences of a request fit the columns of products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schema.features import FeatureColumn, Kind
from schema.rules import Range
from schema.values.numbers import number_of
from serving.model.conditions import simple_parts
from serving.problems import ProblemError


def check_conditions(field: str, wanted: Mapping[str, Any], columns: Mapping[str, FeatureColumn]) -> None:
    """Refuses conditions that no product can ever meet.

    Args:
        field: `filters` or `preferences`, for messages.
        wanted: Column -> condition.
        columns: Columns of products by name.

    Raises:
        ProblemError: 422.
    """
    for name, condition in wanted.items():
        column = columns.get(name)
        if column is None:
            continue
        path = f"{field}.{name}"
        if column.kind in (Kind.EMBEDDING, Kind.IGNORE):
            raise ProblemError(422, f"{path}: the column cannot be compared: it is `{column.kind.value}`.")
        for part in simple_parts(condition):
            _check(path, part, column.kind is Kind.NUMBER)


def _check(path: str, part: Any, is_number: bool) -> None:
    if isinstance(part, Range):
        if not is_number:
            raise ProblemError(422, f"{path}: the column holds no numbers, so a range fits none of it.")
    elif is_number and isinstance(part, str) and number_of(part) is None:
        raise ProblemError(422, f"{path}: the column holds numbers. Received: {part!r}.")
