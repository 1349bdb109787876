"""The smallest changes that bring a product into a list, each tried before it is told.

A change takes every barrier away and, where the rank is not high enough then, makes one step more. Each is
applied to the conditions of the list, the list is made again by the code that answers, and only what has
the product in it is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from serving.model.tracing import Trace
from serving.recommend.why.barriers import PURCHASES, REQUEST, Step, after, rule_name, without_rule
from serving.recommend.why.case import Case, Conditions

_DIVERSITY_STEP: Final = 0.05
_REORDERED: Final = 100
"""Ranks at the top, of which diversity may choose."""
_MOST_PURCHASES: Final = 32
_MOST_RULES: Final = 20


@dataclass(frozen=True)
class Change:
    """Steps that together bring the product in.

    Attributes:
        steps: To be taken together.
        rank: Of the product in the list then.
    """

    steps: tuple[Step, ...]
    rank: int

    @property
    def size(self) -> float:
        """How large it is, by which changes are ordered."""
        return sum(step.size for step in self.steps)

    def as_answer(self, case: Case) -> dict[str, Any]:
        """As the answer has it."""
        steps = [
            step.as_answer(rule_name(case, step.rule) if step.rule is not None else "") for step in self.steps
        ]
        return {"text": ", and ".join(step.text for step in self.steps), "rank": self.rank, "steps": steps}


def changes(case: Case, conditions: Conditions, lifts: Sequence[Step], trace: Trace | None) -> list[Change]:
    """Changes that work, the smallest first.

    Args:
        case: The product.
        conditions: Of the list in which it is not.
        lifts: Take the barriers away.
        trace: Without the barriers; None for a product that the model does not know.
    """
    lifted = after(conditions, lifts)
    rank = case.rank(lifted) if lifts else 0
    if rank:
        return [Change(tuple(lifts), rank)]
    found = [*_longer(case, lifted)]
    if trace is not None:
        found += [*_other_diversity(case, lifted, trace), *_purchases(case, lifted)]
        found += _without_a_rule(case, lifted)
    made = [Change((*lifts, step), rank) for step, rank in found]
    return sorted(made, key=lambda change: change.size)


def _longer(case: Case, conditions: Conditions) -> Iterator[tuple[Step, int]]:
    """The shortest list that has it; how a list is picked may depend on its length, so each is tried."""
    long = case.long(conditions)
    rank, last = case.rank(long), long.request.top_k
    top_k = max(rank, conditions.request.top_k + 1)
    while rank and top_k <= last:
        step = _of_request("top_k", top_k, math.log2(top_k / conditions.request.top_k))
        found = case.rank(step.applied(conditions))
        if found:
            yield step, found
            return
        top_k = min(top_k + max(1, top_k // 10), last) if top_k < last else last + 1


def _other_diversity(case: Case, conditions: Conditions, trace: Trace) -> Iterator[tuple[Step, int]]:
    """The nearest diversity that has it, lower or higher."""
    request = conditions.request
    if not 0 < trace.row("step_rank")[0] <= max(_REORDERED, 5 * request.top_k):
        return
    now = case.model.diversity if request.diversity is None else request.diversity
    grid = [round(float(value), 2) for value in np.arange(0, 1 + _DIVERSITY_STEP / 2, _DIVERSITY_STEP)]
    for value in sorted(grid, key=lambda other: abs(other - now)):
        if value == now:
            continue
        step = _of_request("diversity", value, 10 * abs(value - now))
        rank = case.rank(step.applied(conditions))
        if rank:
            yield step, rank
            return


def _purchases(case: Case, conditions: Conditions) -> Iterator[tuple[Step, int]]:
    """The fewest further purchases, just now."""
    count, failed = 1, 0
    while count <= _MOST_PURCHASES and not case.rank(_bought(count).applied(conditions)):
        count, failed = 2 * count, count
    if count > _MOST_PURCHASES:
        return
    for fewer in range(failed + 1, count + 1):
        rank = case.rank(_bought(fewer).applied(conditions))
        if rank:
            yield _bought(fewer), rank
            return


def _without_a_rule(case: Case, conditions: Conditions) -> Iterator[tuple[Step, int]]:
    """Rules that put others before it."""
    for number, rule in list(enumerate(case.model.rules))[:_MOST_RULES]:
        if rule.action == "never" or number in conditions.what_if.without_rules:
            continue
        step = without_rule(number, rule_name(case, number))
        rank = case.rank(step.applied(conditions))
        if rank:
            yield step, rank


def _of_request(name: str, value: Any, size: float) -> Step:
    return Step(REQUEST, f"ask with `{name}` {value}", {name: value}, size=size)


def _bought(count: int) -> Step:
    told = "one more purchase of it" if count == 1 else f"{count} more purchases of it"
    return Step(PURCHASES, told, count=count, size=float(count))
