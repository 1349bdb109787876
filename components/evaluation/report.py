"""From every system's lists to the tables of `metrics.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.evaluation.beyond_accuracy import ProductFacts, coverage, gini, list_scores
from components.evaluation.bootstrap import intervals
from components.evaluation.gates import COVERAGE, OURS
from components.evaluation.lists import BoolArray, CodeLists, FloatArray, IntArray
from components.evaluation.metrics import user_scores

GINI = "gini@10"
SLICE_METRICS = ("ndcg@10", "recall@10", "recall@100")
_TOP_K = 10

Scores = Mapping[str, Mapping[str, FloatArray]]
"""System -> metric -> one value per query."""


@dataclass(frozen=True)
class Slice:
    """Some of the queries, with some of their targets.

    Attributes:
        queries: Marks the queries, `[queries]`; those without targets are left out.
        targets: What counts as relevant.
    """

    queries: BoolArray
    targets: CodeLists


def score_systems(lists: Mapping[str, IntArray], targets: CodeLists) -> dict[str, dict[str, FloatArray]]:
    """Per-query accuracy of every system."""
    return {system: user_scores(ranked, targets) for system, ranked in lists.items()}


def mean_table(scores: Scores, queries: BoolArray, seed: int) -> dict[str, Any]:
    """Means with intervals over the marked queries: system -> metric -> `mean`, `low`, `high`.

    All systems share their resamples; queries for which a metric is NaN are not among its mean. A metric
    that is defined for no query, and a table of no queries, are left out.
    """
    flat = {
        (system, name): values[queries]
        for system, metrics in scores.items()
        for name, values in metrics.items()
    }
    complete = {key: values for key, values in flat.items() if len(values) and not np.isnan(values).any()}
    found = intervals(complete, seed)
    for key, values in flat.items():
        defined = values[~np.isnan(values)]
        if key not in complete and len(defined):
            found |= intervals({key: defined}, seed)
    result: dict[str, Any] = {}
    for system, name in flat:
        if (system, name) in found:
            result.setdefault(system, {})[name] = found[system, name].as_dict()
    return result


def differences(scores: Scores, queries: BoolArray, seed: int) -> dict[str, Any]:
    """Paired differences, ours minus each other system, over the marked queries."""
    ours = scores[OURS]
    paired = {
        system: {name: ours[name] - values for name, values in theirs.items()}
        for system, theirs in scores.items()
        if system != OURS
    }
    return mean_table(paired, queries, seed)


def full_report(
    lists: Mapping[str, IntArray], targets: CodeLists, purchased: CodeLists, facts: ProductFacts, seed: int
) -> dict[str, Any]:
    """`num_queries`, `systems` and `differences` over all queries that have targets.

    Args:
        lists: System -> product codes `[queries, top_k]`, best first.
        targets: What is relevant.
        purchased: Each query's distinct products before the window.
        facts: Of the products.
        seed: Of the bootstrap.
    """
    scores = score_systems(lists, targets)
    with_targets = targets.lengths > 0
    own = purchased.select(with_targets)
    shown = {system: ranked[with_targets] for system, ranked in lists.items()}
    beyond = {system: list_scores(ranked, facts, own, _TOP_K) for system, ranked in shown.items()}
    systems = mean_table(scores, with_targets, seed)
    for system, metrics in mean_table(beyond, np.ones(int(with_targets.sum()), np.bool_), seed).items():
        systems[system] |= metrics
    for system, metrics in systems.items():
        metrics[COVERAGE] = {"mean": coverage(shown[system], facts.num_available, _TOP_K)}
        metrics[GINI] = {"mean": gini(shown[system], facts.available, _TOP_K)}
    return {
        "num_queries": int(with_targets.sum()),
        "systems": systems,
        "differences": differences(scores, with_targets, seed),
    }


def slice_report(lists: Mapping[str, IntArray], slices: Mapping[str, Slice], seed: int) -> dict[str, Any]:
    """Per slice `num_queries`, and the `SLICE_METRICS` of each system and of its paired difference."""
    report: dict[str, Any] = {}
    scored: dict[int, Scores] = {}  # slices that share their targets are scored once
    for name, part in slices.items():
        if id(part.targets) not in scored:
            scored[id(part.targets)] = _slice_scores(lists, part.targets)
        scores = scored[id(part.targets)]
        marked = part.queries & (part.targets.lengths > 0)
        report[name] = {
            "num_queries": int(marked.sum()),
            "systems": mean_table(scores, marked, seed),
            "differences": differences(scores, marked, seed),
        }
    return report


def _slice_scores(lists: Mapping[str, IntArray], targets: CodeLists) -> Scores:
    return {
        system: {name: scores[name] for name in SLICE_METRICS}
        for system, scores in score_systems(lists, targets).items()
    }
