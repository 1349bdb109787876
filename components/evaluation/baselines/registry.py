"""The baselines by name, the settings of each, and which of those the eval window chooses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from components.evaluation.baselines.base import (
    Baseline,
    EvaluationSet,
    OwnFrequency,
    Popularity,
    best_of,
    score_baseline,
)
from components.evaluation.baselines.counting import LastSeen, Trending
from components.evaluation.baselines.ease import Ease
from components.evaluation.baselines.factorization import Factorization
from components.evaluation.baselines.item_knn import ItemKnn
from components.evaluation.baselines.matrices import Matrices
from components.evaluation.baselines.tifu_knn import TifuKnn
from components.evaluation.baselines.transitions import Transitions
from components.evaluation.baselines.user_knn import UserKnn
from components.evaluation.lists import IntArray
from components.settings import BaselineSettings
from schema.served.candidate_features import HORIZONS
from schema.windows import horizon_seconds

COUNTING = ("popularity", "trending", "own_frequency", "last_seen")
"""Those that only count."""

_OTHER_WEIGHTS = (0.0, 0.1, 1.0)
"""What an event may count that is no target, such as a view, where there are such events."""
_SHORT_WINDOWS = (0.125, 0.25, 0.5)
_HALF_LIVES = (0.5, 2.0, 8.0)
_OWN_HALF_LIVES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)

ALL, NEW = "all", "new"
"""Questions: as the system is served; only products that the user never bought."""


def popularity_grid(window: int) -> list[Popularity]:
    """Popularity over every horizon, in whole days where a window is, and of all time."""
    lengths = {horizon_seconds(window, horizon) for horizon in HORIZONS if horizon is not None}
    return [*(Popularity(length) for length in sorted(lengths)), Popularity(None)]


def grid(
    name: str,
    window: int,
    matrices: Matrices,
    popularity: Popularity,
    settings: BaselineSettings,
    has_others: bool = False,
) -> Sequence[Baseline]:
    """The settings of a baseline among which the eval window decides.

    Args:
        name: One of `BaselineName`.
        window: Length of the eval window in seconds; times are multiples of it, so that they suit a shop
            of a fortnight and one of ten years.
        matrices: Shared matrices.
        popularity: The tuned one, which fills lists.
        settings: Caps.
        has_others: Whether there are events that are no targets, whose weight is tuned then.
    """
    others = _OTHER_WEIGHTS if has_others else (0.0,)
    makers: dict[str, Callable[[], Sequence[Baseline]]] = {
        "popularity": lambda: popularity_grid(window),
        "trending": lambda: [
            Trending(max(1, int(window * factor)), share, popularity)
            for factor in _SHORT_WINDOWS
            for share in (0.5, 1.0)
        ],
        "own_frequency": lambda: [
            *(OwnFrequency(window * factor, popularity) for factor in _OWN_HALF_LIVES),
            OwnFrequency(None, popularity),
        ],
        "last_seen": lambda: [LastSeen(matrices, popularity)],
        "user_knn": lambda: _user_knn(window, matrices, popularity, settings, others),
        "tifu_knn": lambda: [
            TifuKnn(matrices, decay, 300, own, settings.max_neighbour_users, popularity)
            for decay in (0.7, 0.95)
            for own in (0.3, 0.7, 0.9)
        ],
        "item_knn": lambda: [
            ItemKnn(matrices, window * factor, window * memory, itself, popularity, other)
            for other in others
            for memory in (4.0, 16.0)
            for factor in _HALF_LIVES
            for itself in (False, True)
        ],
        "transitions": lambda: [
            Transitions(matrices, half_life, damping, popularity)
            for half_life in (1.0, 5.0, 20.0)
            for damping in (0.5, 1.0)
        ],
        "ease": lambda: [
            Ease(matrices, half_life, regularization, settings.ease_products, popularity, other)
            for other in (0.0, 1.0)[: len(others)]
            for regularization in (100.0, 1000.0)
            for half_life in (*(window * factor for factor in _HALF_LIVES), window * 5.0, None)
        ],
        "als": lambda: _factorizations("als", matrices, popularity),
        "bpr": lambda: _factorizations("bpr", matrices, popularity),
    }
    return makers[name]()


def _user_knn(
    window: int,
    matrices: Matrices,
    popularity: Popularity,
    settings: BaselineSettings,
    others: Sequence[float],
) -> list[Baseline]:
    return [
        UserKnn(matrices, window * factor, count, own, settings.max_neighbour_users, popularity, other)
        for other in others
        for factor in (2.0, 4.0)
        for count in (50, 200)
        for own in (0.0, 0.5, 0.8)
    ]


def _factorizations(
    method: Literal["als", "bpr"], matrices: Matrices, popularity: Popularity
) -> list[Baseline]:
    if method == "als":
        return [
            Factorization(matrices, method, regularization, confidence, 10, popularity)
            for regularization in (0.1, 10.0)
            for confidence in (2.0, 20.0)
        ]
    return [
        Factorization(matrices, method, regularization, 1.0, 40, popularity) for regularization in (0.01, 0.1)
    ]


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
