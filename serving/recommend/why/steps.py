"""Single steps by which a product may come into a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pydantic_core import to_jsonable_python

from serving.model.tracing import WhatIf
from serving.recommend.why.case import Conditions, with_request

AVAILABLE: Final = "available"
REQUEST: Final = "request"
RULE: Final = "rule"
CONFIGURATION: Final = "configuration"
PURCHASES: Final = "purchases"

OF_A_NEW_MODEL: Final = 3.0
"""Size of a step that takes another model."""


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        kind: `available` (the product table says so), `request` (other fields of the request), `rule` (one of
            `post_ranking.rules` goes), `configuration` (another value of a key) or `purchases`.
        text: In words.
        request: Fields of the request -> their new values, None as if they were not given.
        rule: Number of the rule, from 0.
        key: Of the configuration -> its new value.
        count: Further purchases of the product.
        size: How large a step it is: a tenth of diversity, a doubling of `top_k` and one purchase are 1.
    """

    kind: str
    text: str
    request: Mapping[str, Any] = field(default_factory=dict)
    rule: int | None = None
    key: Mapping[str, Any] = field(default_factory=dict)
    count: int = 0
    size: float = 1.0

    def applied(self, conditions: Conditions) -> Conditions:
        """The conditions after it; that a product is available is taken for granted in any case."""
        if self.kind == REQUEST:
            return with_request(conditions, self.request)
        if self.kind == PURCHASES:
            return replace(conditions, purchases=conditions.purchases + self.count)
        what_if = conditions.what_if
        if self.kind == RULE and self.rule is not None:
            what_if = replace(what_if, without_rules=what_if.without_rules | {self.rule})
        elif self.kind == CONFIGURATION:
            what_if = WhatIf(what_if.without_rules, without_exclusion=True)
        return replace(conditions, what_if=what_if)

    def as_answer(self, rule_name: str) -> dict[str, Any]:
        """As the answer has it."""
        found: dict[str, Any] = {"kind": self.kind, "text": self.text}
        if self.kind == REQUEST:
            found["request"] = to_jsonable_python(dict(self.request))
        if self.kind == RULE:
            found["rule"] = rule_name
        if self.kind == CONFIGURATION:
            found["configuration"] = dict(self.key)
        if self.kind == PURCHASES:
            found["count"] = self.count
        return found


def without_rule(number: int, name: str) -> Step:
    """A rule goes, by its number and what answers call it."""
    return Step(RULE, f"push a model without the rule “{name}”", rule=number, size=OF_A_NEW_MODEL)


def repeats_allowed() -> Step:
    """The request does not leave out what was bought."""
    return Step(REQUEST, "ask with `exclude_purchased` false", {"exclude_purchased": False})


def after(conditions: Conditions, steps: Sequence[Step]) -> Conditions:
    """The conditions after some steps."""
    for step in steps:
        conditions = step.applied(conditions)
    return conditions
