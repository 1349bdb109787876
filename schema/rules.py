"""Business rules, and when a value meets a condition: the same for the graph, the server and requests.

Texts are compared as `value_text` writes them, so that a choice `3.0` is the category `3`. Numbers are
compared in single precision, in which the features are kept: a price of .7 is at least .7.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from schema.settings import Settings
from schema.values.value_text import value_text

_OWN_KEYS: Final = {
    "boost": {"where", "amount"},
    "bury": {"where", "amount"},
    "pin": {"where", "position"},
    "only": {"where"},
    "never": {"where"},
    "at_most": {"of", "count"},
}
_SHARED_KEYS: Final = {"action", "users", "name"}


class Range(Settings):
    """Numbers from `at_least` up to, but not, `below`."""

    at_least: float | None = None
    """The least of them."""
    below: float | None = None
    """The first above them."""

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.at_least is None and self.below is None:
            raise ValueError("a range needs `at_least` or `below`")
        return self


Value = str | bool | int | float
SimpleCondition = Range | Value | tuple[Value, ...]
"""A value, any of several, or a range of numbers."""
BoolArray = npt.NDArray[np.bool_]


def matches(values: npt.NDArray[Any], condition: SimpleCondition) -> BoolArray:
    """Whether each value meets a condition; a missing value, which an empty text is too, meets none.

    A value of several members, as a set has, meets a condition if any of them does.

    Args:
        values: Texts or tuples of texts (objects, None where missing) or numbers (NaN where missing)
            `[values]`.
        condition: A value, any of several, or a range, which no text is in.

    Returns:
        `[values]`.
    """
    if values.dtype == object:
        found, row = _texts(values)
        met = np.isin(found, text_choices(condition))
        return np.bincount(row[met], minlength=len(values)) > 0
    with np.errstate(over="ignore"):
        numbers = values.astype(np.float32)
    limits = bounds(condition)
    if limits is not None:
        return np.asarray((numbers >= limits[0]) & (numbers < limits[1]))
    return np.isin(numbers, number_choices(condition))


def text_choices(condition: SimpleCondition) -> list[str]:
    """The texts that meet a condition; none for a range."""
    return [text for text in map(value_text, _choices(condition)) if text]


def number_choices(condition: SimpleCondition) -> npt.NDArray[np.float32]:
    """The numbers that meet a condition which is no range; texts that are no number are left out."""
    return _single(*(number for number in map(_number, _choices(condition)) if number is not None))


def bounds(condition: SimpleCondition) -> tuple[np.float32, np.float32] | None:
    """From where on and below what a number is in a range; None if the condition is none."""
    if not isinstance(condition, Range):
        return None
    least = -math.inf if condition.at_least is None else condition.at_least
    below = math.inf if condition.below is None else condition.below
    first, end = _single(least, below)
    return first, end


def _choices(condition: SimpleCondition) -> Sequence[Value]:
    if isinstance(condition, Range):
        return ()
    return condition if isinstance(condition, tuple) else (condition,)


def _texts(values: npt.NDArray[Any]) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.int64]]:
    """The texts, or all members of them, and of which value each is."""
    listed = [value if isinstance(value, list | tuple) else (value,) for value in values]
    row = np.repeat(np.arange(len(listed)), [len(parts) for parts in listed])
    texts = ["" if part is None else value_text(part) for parts in listed for part in parts]
    return np.array(texts, np.str_), row


def _single(*numbers: float) -> npt.NDArray[np.float32]:
    """In single precision; what is too large for it is infinite."""
    with np.errstate(over="ignore"):
        return np.array(numbers, np.float64).astype(np.float32)


def _number(value: Value) -> float | None:
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


class Rule(Settings):
    """One rule of the third stage."""

    action: Literal["boost", "bury", "pin", "at_most", "only", "never"]
    """What it does to the products that it names."""
    where: dict[str, SimpleCondition] = {}
    """Product column -> what its value must be; all of them must hold."""
    users: dict[str, SimpleCondition] = {}
    """User column -> what its value must be: the segment for which the rule holds; everybody if empty."""
    amount: Annotated[float, Field(gt=0)] = 1.0
    """Of `boost` and `bury`: in standard deviations of the scores of the user's candidates."""
    position: Annotated[int, Field(ge=1)] = 1
    """Of `pin`: the rank at which the best of the products stands."""
    of: str = ""
    """Of `at_most`: the product column whose values are counted."""
    count: Annotated[int, Field(ge=1)] = 1
    """Of `at_most`: products of one value in a list."""
    name: str = ""
    """How answers call it; `rule 1` and so on otherwise."""

    @model_validator(mode="after")
    def _keys_of_its_action(self) -> Self:
        allowed = _OWN_KEYS[self.action]
        for key in sorted(self.model_fields_set - allowed - _SHARED_KEYS):
            raise ValueError(f"`{key}` has no meaning for `{self.action}`, which takes {sorted(allowed)}")
        for key in sorted(allowed & {"where", "of"}):
            if not getattr(self, key):
                raise ValueError(f"`{self.action}` needs `{key}`")
        return self

    @model_serializer(mode="wrap")
    def _own_keys(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What has no meaning for the action is left out, so that a rule can be read back."""
        kept = _OWN_KEYS[self.action] | _SHARED_KEYS
        return {key: value for key, value in handler(self).items() if key in kept}
