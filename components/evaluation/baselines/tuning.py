"""Tunes each baseline on the eval window and asks it about the test window."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.evaluation.baselines.base import Baseline, Question, best_of, score_baseline
from components.evaluation.baselines.matrices import Matrices
from components.evaluation.baselines.registry import COUNTING, grid, popularity_grid
from components.evaluation.lists import IntArray
from components.settings import BaselineSettings

ALL, NEW = "all", "new"
"""Questions: as the system is served; only products that the user never bought."""


@dataclass(frozen=True)
class Tuned:
    """A baseline's lists for one question.

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
    evaluation: dict[str, Question],
    test: dict[str, Question],
    window: int,
    settings: BaselineSettings,
    top_k: int,
    seed: int,
) -> Iterator[Tuned]:
    """Yields the lists of every baseline for every question.

    Args:
        evaluation: Question name -> the eval window's question.
        test: Question name -> the test window's question.
        window: Length of the eval window, seconds.
        settings: Which baselines, and caps.
        top_k: Length of the lists.
        seed: Of the sample of queries and of factorisations.
    """
    some = {name: sample_queries(one, settings.max_tuning_queries, seed) for name, one in evaluation.items()}
    popular = {name: best_of(popularity_grid(window), question) for name, question in evaluation.items()}
    for system in settings.systems:
        matrices = Matrices(seed)
        chosen: dict[str, tuple[Baseline, list[dict[str, Any]], float]] = {}
        # What only counts is tuned on every user: that costs nothing.
        for name, question in (evaluation if system in COUNTING else some).items():
            start = time.monotonic()
            candidates = grid(
                system, window, matrices, popular[name], settings, question.past.others is not None
            )
            tuning = [_tried(candidate, question) for candidate in candidates]
            best = candidates[int(np.argmax([row["ndcg@10"] for row in tuning]))]
            chosen[name] = best, tuning, time.monotonic() - start
        # All questions are of one past, so what was made of it has served them all.
        matrices.forget()
        for name, (best, tuning, tuned_in) in chosen.items():
            start = time.monotonic()
            ranked = best.recommend(test[name], top_k)
            seconds = tuned_in + time.monotonic() - start
            yield Tuned(system, name, ranked, best.settings, tuning, seconds)
        matrices.forget()


def _tried(candidate: Baseline, question: Question) -> dict[str, Any]:
    return {"settings": candidate.settings, "ndcg@10": score_baseline(candidate, question)}


def sample_queries(question: Question, most: int, seed: int) -> Question:
    """At most `most` of the queries that have targets, drawn without replacement."""
    places = np.flatnonzero(question.targets.lengths > 0)
    if len(places) > most:
        places = np.sort(np.random.default_rng(seed).choice(places, most, replace=False))
    chosen = np.zeros(len(question.users), np.bool_)
    chosen[places] = True
    return Question(
        question.past,
        question.users[chosen],
        question.targets.select(chosen),
        question.excluded.select(chosen),
    )
