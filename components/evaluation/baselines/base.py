"""What every model must beat: the popular products, and what the user buys anyway.

A baseline is any object with `settings` and `recommend`; `components.evaluation.baselines` has more of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from components.evaluation.events import Past
from components.evaluation.lists import NOTHING, CodeLists, IntArray
from components.evaluation.metrics import hits, ndcg
from schema import names

_TUNING_DEPTH = 10
_MAX_CELLS_AT_ONCE = 20_000_000


class Baseline(Protocol):
    """A recommender that needs no training beyond counting the past."""

    @property
    def settings(self) -> dict[str, float | None]:
        """Chosen values, for the report."""

    def recommend(self, eval_set: EvaluationSet, top_k: int) -> IntArray:
        """Product codes, best first, `[queries, top_k]`."""


@dataclass(frozen=True)
class EvaluationSet:
    """What is asked of every system: these users at this cutoff.

    Attributes:
        past: Everything known at the cutoff.
        users: Codes of the users, each once, -1 for a user without events, `[queries]`.
        targets: What they turned to afterwards.
        excluded: What must not be recommended to them.
    """

    past: Past
    users: IntArray
    targets: CodeLists
    excluded: CodeLists


@dataclass(frozen=True)
class Popularity:
    """Most positive events in the last `window` seconds (None: ever); ties by all-time count.

    Attributes:
        window: Length of the counted time, in seconds.
    """

    window: int | None

    @property
    def settings(self) -> dict[str, float | None]:
        """`days` counted."""
        return {"days": None if self.window is None else self.window / names.SECONDS_PER_DAY}

    def order(self, past: Past) -> IntArray:
        """All recommendable products, most popular first."""
        size = len(past.recommendable)
        ever = np.bincount(past.products, minlength=size)
        since = past.times.min(initial=past.cutoff) if self.window is None else past.cutoff - self.window
        recent = np.bincount(past.products[past.times >= since], minlength=size)
        order = np.lexsort((-ever, -recent))
        recommendable: IntArray = order[past.recommendable[order]]
        return recommendable

    def recommend(self, eval_set: EvaluationSet, top_k: int) -> IntArray:
        """The same list for everybody, apart from what is excluded for a user."""
        empty = np.full((len(eval_set.users), top_k), NOTHING, np.int64)
        return fill(empty, self.order(eval_set.past), eval_set.excluded)


@dataclass(frozen=True)
class OwnFrequency:
    """The user's own products by exponentially decayed count, then the popular ones.

    Attributes:
        half_life: Seconds after which an event counts half; None counts all alike.
        popularity: Fills the list up and breaks ties.
    """

    half_life: float | None
    popularity: Popularity

    @property
    def settings(self) -> dict[str, float | None]:
        """`half_life_days`, and the popularity's."""
        half_life = None if self.half_life is None else self.half_life / names.SECONDS_PER_DAY
        return {"half_life_days": half_life, **self.popularity.settings}

    def recommend(self, eval_set: EvaluationSet, top_k: int) -> IntArray:
        """Product codes, best first, `[queries, top_k]`."""
        past = eval_set.past
        order = self.popularity.order(past)
        rows = past.rows_of(eval_set.users)
        allowed = (rows >= 0) & past.recommendable[past.products]
        allowed &= ~eval_set.excluded.contains(rows, past.products)
        size = len(past.recommendable)
        pairs, pair_of_event = np.unique(rows[allowed] * size + past.products[allowed], return_inverse=True)
        age = past.cutoff - past.times[allowed]
        decay = np.ones(len(age)) if self.half_life is None else np.exp2(-age / self.half_life)
        score = np.bincount(pair_of_event, decay, minlength=len(pairs))
        popularity_rank = np.empty(size, np.int64)
        popularity_rank[order] = np.arange(len(order))
        row, product = pairs // size, pairs % size
        best = np.lexsort((popularity_rank[product], -score, row))
        row, product = row[best], product[best]
        rank = np.arange(len(row)) - np.searchsorted(row, row)
        own = np.full((len(eval_set.users), top_k), NOTHING, np.int64)
        kept = rank < top_k
        own[row[kept], rank[kept]] = product[kept]
        return fill(own, order, eval_set.excluded)


def fill(ranked: IntArray, order: IntArray, excluded: CodeLists) -> IntArray:
    """Completes short lists with the first products of `order` that they lack and that are not excluded.

    Args:
        ranked: `[queries, top_k]`, -1 in the slots to fill, all of them at the end of a row.
        order: Product codes, best first, the same for everybody.
        excluded: Per query.

    Returns:
        A new array; -1 remains only where `order` is exhausted.
    """
    out = ranked.copy()
    num_queries, width = ranked.shape
    present = (ranked >= 0).sum(axis=1)
    depth = int(min(len(order), width + (excluded.lengths + present).max(initial=0)))
    if not depth or not num_queries:
        return out
    rank_in_order = np.full(
        1 + max(int(order.max()), int(excluded.codes.max(initial=0)), int(ranked.max())), depth
    )
    rank_in_order[order[:depth]] = np.arange(depth)
    at_once = max(1, _MAX_CELLS_AT_ONCE // depth)
    for start in range(0, num_queries, at_once):
        block = out[start : start + at_once]
        free = np.ones((len(block), depth + 1), np.bool_)
        rows, columns = np.nonzero(block >= 0)
        free[rows, rank_in_order[block[rows, columns]]] = False
        low, high = excluded.offsets[start], excluded.offsets[start + len(block)]
        free[excluded.rows[low:high] - start, rank_in_order[excluded.codes[low:high]]] = False
        free = free[:, :depth]
        slots = np.cumsum(free, axis=1) - 1 + present[start : start + at_once, None]
        rows, columns = np.nonzero(free & (slots < width))
        block[rows, slots[rows, columns]] = order[columns]
    return out


AnyBaseline = TypeVar("AnyBaseline", bound=Baseline)


def best_of(candidates: Sequence[AnyBaseline], eval_set: EvaluationSet) -> AnyBaseline:
    """The candidate with the best NDCG@10 on `eval_set`; the first of equals."""
    return candidates[int(np.argmax([score_baseline(candidate, eval_set) for candidate in candidates]))]


def score_baseline(candidate: Baseline, eval_set: EvaluationSet) -> float:
    """Mean NDCG@10 over the queries that have targets; 0 if none has."""
    has_targets = eval_set.targets.lengths > 0
    relevant = hits(candidate.recommend(eval_set, _TUNING_DEPTH), eval_set.targets)
    values = ndcg(relevant, eval_set.targets.lengths, _TUNING_DEPTH)[has_targets]
    return float(values.mean()) if len(values) else 0.0
