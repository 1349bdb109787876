"""From every system's lists to the tables of `metrics.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.evaluation.bootstrap import intervals
from components.evaluation.gates import COVERAGE, OURS
from components.evaluation.lists import BoolArray, CodeLists, FloatArray, IntArray
from components.evaluation.metrics import coverage, user_scores

Scores = dict[str, dict[str, FloatArray]]
"""System -> metric -> one value per query."""


def score_systems(lists: Mapping[str, IntArray], targets: CodeLists) -> Scores:
    """Per-query metrics of every system."""
    return {system: user_scores(ranked, targets) for system, ranked in lists.items()}


def table(scores: Scores, queries: BoolArray, seed: int) -> dict[str, Any]:
    """Means with intervals over the marked queries: `{"num_queries", "systems"}`.

    Queries without targets must not be marked; a table of no queries has no systems.
    """
    num_queries = int(queries.sum())
    systems = {
        system: {
            name: interval.as_dict()
            for name, interval in intervals({name: v[queries] for name, v in metrics.items()}, seed).items()
        }
        for system, metrics in scores.items()
        if num_queries
    }
    return {"num_queries": num_queries, "systems": systems}


def differences(scores: Scores, queries: BoolArray, seed: int) -> dict[str, Any]:
    """Paired differences, ours minus each other system, over the marked queries."""
    if not queries.any():
        return {}
    ours = scores[OURS]
    return {
        system: {
            name: interval.as_dict()
            for name, interval in intervals(
                {name: (ours[name] - theirs[name])[queries] for name in theirs}, seed
            ).items()
        }
        for system, theirs in scores.items()
        if system != OURS
    }


def full_report(
    lists: Mapping[str, IntArray], targets: CodeLists, num_products: int, seed: int
) -> dict[str, Any]:
    """`num_queries`, `systems` (with coverage) and `differences` over all queries that have targets."""
    scores = score_systems(lists, targets)
    asked = targets.lengths > 0
    result = table(scores, asked, seed)
    for system, metrics in result["systems"].items():
        metrics[COVERAGE] = {"mean": coverage(lists[system][asked], num_products, 10)}
    return {**result, "differences": differences(scores, asked, seed)}


def slice_report(
    lists: Mapping[str, IntArray], targets: CodeLists, slices: Mapping[str, BoolArray], seed: int
) -> dict[str, Any]:
    """A table per slice of the queries (name -> marked queries)."""
    scores = score_systems(lists, targets)
    asked = targets.lengths > 0
    return {name: table(scores, marked & asked, seed) for name, marked in slices.items()}
