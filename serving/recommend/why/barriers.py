"""What keeps a product out whatever its rank, and the step that takes each barrier away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from pydantic_core import to_jsonable_python

from schema import names
from serving.model.reasons import times_bought
from serving.model.tracing import Trace, WhatIf
from serving.recommend.asking import bought_within
from serving.recommend.why.case import Case, Conditions, with_request

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


AVAILABILITY: Final = "availability"
LEFT_OUT: Final = "left_out"
PURCHASED: Final = "purchased"
RULES: Final = "rules"
FILTERS: Final = "filters"


@dataclass(frozen=True)
class Barrier:
    """One of them.

    Attributes:
        stage: Where it stands.
        text: In words.
        step: That takes it away.
    """

    stage: str
    text: str
    step: Step


def barriers(case: Case, conditions: Conditions) -> list[Barrier]:
    """What keeps out a product that the model knows, in the order of the stages."""
    first = case.trace(conditions)
    found = [*_availability(case, first), *of_request(case, conditions)]
    found += _purchased(case, conditions, first)
    found += [_forbidden(case, number) for number in never_rules(case, first)]
    return [*found, *filters(case, conditions)]


def rule_name(case: Case, number: int) -> str:
    """How answers call a rule."""
    return case.model.rules[number].name or f"rule {number + 1}"


def never_rules(case: Case, trace: Trace) -> list[int]:
    """Numbers of the rules that forbid the product for this user."""
    named = trace.row("is_named")
    return [n for n, rule in enumerate(case.model.rules) if rule.action == "never" and named[n]]


def of_request(case: Case, conditions: Conditions) -> Iterator[Barrier]:
    """What the request leaves out by name, or by when it was bought."""
    request = conditions.request
    if case.product_id in request.exclude:
        left = [name for name in request.exclude if name != case.product_id]
        step = Step(REQUEST, "leave it out of `exclude`", {"exclude": left})
        yield Barrier(LEFT_OUT, "the request excludes it", step)
    if case.product_id in request.cart:
        left = [name for name in request.cart if name != case.product_id]
        step = Step(REQUEST, "take it out of the cart", {"cart": left})
        yield Barrier(LEFT_OUT, "it is in the cart", step)
    days = request.exclude_purchased_days
    if days is not None and case.product_id in bought_within(request, case.query(conditions), case.model):
        step = Step(REQUEST, "ask without `exclude_purchased_days`", {"exclude_purchased_days": None})
        yield Barrier(PURCHASED, f"it was bought within the last {days:g} days, which are left out", step)


def filters(case: Case, conditions: Conditions) -> Iterator[Barrier]:
    """Filters of the request that it does not meet."""
    wanted = conditions.request.filters or {}
    catalogue = case.new.catalogue(case.model)
    row = catalogue.rows([case.product_id])
    failed = [
        name
        for name, condition in wanted.items()
        if row[0] < 0 or not catalogue.met({name: condition})[row[0]]
    ]
    if failed:
        left: dict[str, Any] = {name: value for name, value in wanted.items() if name not in failed}
        text = " and ".join(f"`{name}`{_value(case, name)}" for name in failed)
        step = Step(REQUEST, f"drop the filter on {' and '.join(failed)}", {"filters": left or None})
        yield Barrier(FILTERS, f"it does not meet the filter on {text}", step)


def _availability(case: Case, trace: Trace) -> Iterator[Barrier]:
    if trace.flag("is_hidden"):
        has_row = case.row is not None
        text = "the product table says that it is not available" if has_row else "it is not to be had"
        yield Barrier(AVAILABILITY, text, Step(AVAILABLE, f"make it available (`{names.AVAILABLE}` = 1)"))


def _purchased(case: Case, conditions: Conditions, trace: Trace) -> Iterator[Barrier]:
    if not trace.flag("is_excluded"):
        return
    bought = times_bought(trace.count("times_bought"), trace.number("days_since_last"))
    still = trace
    if conditions.request.exclude_purchased:
        text = f"{bought}, and the request leaves out what was bought"
        yield Barrier(PURCHASED, text, repeats_allowed())
        still = case.trace(with_request(conditions, {"exclude_purchased": False}))
    if still.flag("is_excluded"):
        key = "post_ranking.exclude_purchased"
        step = Step(CONFIGURATION, f"push a model with `{key}: off`", key={key: "off"}, size=OF_A_NEW_MODEL)
        limit = case.model.exclusion
        text = "always" if limit == "always" else f"within {limit}"
        yield Barrier(PURCHASED, f"{bought}, and `{key}` leaves out what was bought ({text})", step)


def _forbidden(case: Case, number: int) -> Barrier:
    name = rule_name(case, number)
    return Barrier(RULES, f"the rule “{name}” forbids it", without_rule(number, name))


def _value(case: Case, column: str) -> str:
    if case.row is None or column not in case.row:
        return ""
    value = case.row[column]
    return " (it has none)" if value is None or _is_nan(value) else f" (it is {value})"


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and bool(np.isnan(value))
