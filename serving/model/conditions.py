"""What a request may ask of the value of a product's column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

import numpy as np
from pydantic import BeforeValidator, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from schema.rules import BoolArray, Range, SimpleCondition, Value
from schema.settings import Settings

_MOST_OF_A_LIST: Final = 1_000


def _clear(value: Any) -> Any:
    """Refuses what can be no condition, in one sentence instead of one for each that it might have been."""
    if isinstance(value, list | tuple):
        if not value:
            raise ValueError("a list of conditions needs one at least")
        if any(isinstance(part, list | tuple) for part in value):
            raise ValueError(f"a list of conditions holds no lists. Received: {value!r:.100}")
        for part in value:
            _clear(part)
    elif isinstance(value, dict):
        if set(value) != {"not"} and not (value and set(value) <= {"at_least", "below"}):
            raise ValueError(
                f'an object is a range (`at_least`, `below`) or {{"not": …}}. Received: {value!r:.100}'
            )
    elif value is None:
        raise ValueError('a value, a list, a range or {"not": …}. Received: null')
    return value


_Simple = Range | Value


class Not(Settings):
    """Whatever does not meet a condition; a missing value meets none, and so it is one of these."""

    model_config = ConfigDict(populate_by_name=True)

    condition: Annotated[
        _Simple | Annotated[tuple[_Simple, ...], Field(max_length=_MOST_OF_A_LIST)], BeforeValidator(_clear)
    ] = Field(alias="not")
    """A value, a range, or a list of them, of which none may be met."""

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {"not": handler(self)["condition"]}


_One = Range | Not | Value
Condition = Annotated[
    _One | Annotated[tuple[_One, ...], Field(max_length=_MOST_OF_A_LIST)], BeforeValidator(_clear)
]
"""A value, a range, {"not": …}, or a list of them, of which one must be met."""
Conditions = Mapping[str, Range | Not | Value | tuple[Range | Not | Value, ...]]
"""Column -> what its value must be."""


def met(condition: Any, matches: Callable[[SimpleCondition], BoolArray]) -> BoolArray:
    """Which values meet a condition.

    Args:
        condition: As a request has it.
        matches: Which values are one of some values, or in a range.
    """
    if isinstance(condition, Not):
        return ~met(condition.condition, matches)
    if isinstance(condition, tuple):
        values = tuple(part for part in condition if not isinstance(part, Range | Not))
        parts = [met(part, matches) for part in condition if isinstance(part, Range | Not)]
        return np.asarray(np.any([*([matches(values)] if values else []), *parts], axis=0))
    return matches(condition)


def simple_parts(condition: Any) -> list[Any]:
    """The values and ranges that a condition speaks of."""
    if isinstance(condition, Not):
        return simple_parts(condition.condition)
    if isinstance(condition, list | tuple):
        return [simple for part in condition for simple in simple_parts(part)]
    return [condition]
