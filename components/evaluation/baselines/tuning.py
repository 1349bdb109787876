"""Tunes each baseline on the eval window and asks it about the test window."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.evaluation.baselines.base import Baseline, EvaluationSet, best_of, score_baseline
from components.evaluation.baselines.matrices import Matrices
from components.evaluation.baselines.registry import COUNTING, grid, popularity_grid
from components.evaluation.lists import IntArray
from components.settings import BaselineSettings

ALL, NEW = "all", "new"
"""Questions: as the system is served; only products that the user never bought."""


@dataclass(frozen=True)
class Tuned:
    """A baseline's lists for one task.

    Attributes:
        system: Its name.
        question: `all` or `new`.
        ranked: Product codes of the test queries `[queries, top_k]`.
        settings: What the eval window chose.
        tuning: Every setting tried and its NDCG@10 on the eval window.
        seconds: Time that tuning and asking took.
    """

    system: str
    question: str
    ranked: IntArray
    settings: dict[str, float | None]
    tuning: list[dict[str, Any]]
    seconds: float


def tune_baselines(
    evaluation: dict[str, EvaluationSet],
    test: dict[str, EvaluationSet],
    window: int,
    settings: BaselineSettings,
    top_k: int,
    seed: int,
) -> Iterator[Tuned]:
    """Yields the lists of every baseline for every task.

    Args:
        evaluation: Task name -> the eval window's evaluation set.
        test: Task name -> the test window's evaluation set.
        window: Length of the eval window, seconds.
        settings: Which baselines, and caps.
        top_k: Length of the lists.
        seed: Of the sample of queries and of factorisations.
    """
    some = {name: sample_queries(one, settings.max_tuning_queries, seed) for name, one in evaluation.items()}
    popular = {name: best_of(popularity_grid(window), eval_set) for name, eval_set in evaluation.items()}
    for system in settings.systems:
        matrices = Matrices(seed)
        chosen: dict[str, tuple[Baseline, list[dict[str, Any]], float]] = {}
        # What only counts is tuned on every user: that costs nothing.
        for name, eval_set in (evaluation if system in COUNTING else some).items():
            start = time.monotonic()
            candidates = grid(
                system, window, matrices, popular[name], settings, eval_set.past.others is not None
            )
            tuning = [_tried(candidate, eval_set) for candidate in candidates]
            best = candidates[int(np.argmax([row["ndcg@10"] for row in tuning]))]
            chosen[name] = best, tuning, time.monotonic() - start
        # All of them are of one past, so what was made of it has served them all.
        matrices.forget()
        for name, (best, tuning, tuned_in) in chosen.items():
            start = time.monotonic()
            ranked = best.recommend(test[name], top_k)
            seconds = tuned_in + time.monotonic() - start
            yield Tuned(system, name, ranked, best.settings, tuning, seconds)
        matrices.forget()


def _tried(candidate: Baseline, eval_set: EvaluationSet) -> dict[str, Any]:
    return {"settings": candidate.settings, "ndcg@10": score_baseline(candidate, eval_set)}


def sample_queries(eval_set: EvaluationSet, most: int, seed: int) -> EvaluationSet:
    """At most `most` of the queries that have targets, drawn without replacement."""
    rows = np.flatnonzero(eval_set.targets.lengths > 0)
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    chosen = np.zeros(len(eval_set.users), np.bool_)
    chosen[rows] = True
    return EvaluationSet(
        eval_set.past,
        eval_set.users[chosen],
        eval_set.targets.select(chosen),
        eval_set.excluded.select(chosen),
    )
