"""Business rules of the third stage, as the configuration holds them."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from schema.settings import Settings

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
Wanted = Range | Value | tuple[Value, ...]
"""A value, any of several, or a range of numbers."""


class Rule(Settings):
    """One rule of the third stage."""

    action: Literal["boost", "bury", "pin", "at_most", "only", "never"]
    """What it does to the products that it names."""
    where: dict[str, Wanted] = {}
    """Product column -> what its value must be; all of them must hold."""
    users: dict[str, Wanted] = {}
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
