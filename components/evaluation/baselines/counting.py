"""The classics that count and nothing else: what sells more of late, and what the user turned to last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from components.evaluation.baselines.base import EvaluationSet, Popularity
from components.evaluation.baselines.matrices import Matrices, rows_of_queries
from components.evaluation.baselines.ranking import Scores, rank_by_scores
from components.evaluation.events import Past
from components.evaluation.lists import IntArray
from schema import names


@dataclass(frozen=True)
class Trending:
    """Ranks by the sales of the last `window` seconds less `share` of what the time before would suggest.

    Attributes:
        window: Length of "of late", in seconds; the time before is four times as long.
        share: 0 is plain recent popularity, 1 is the growth alone.
        popularity: Fills the lists.
    """

    window: int
    share: float
    popularity: Popularity

    @property
    def settings(self) -> dict[str, float | None]:
        """`days` and `share`."""
        return {"days": self.window / names.SECONDS_PER_DAY, "share": self.share}

    def recommend(self, eval_set: EvaluationSet, top_k: int) -> IntArray:
        """Product codes, best first, `[queries, top_k]`."""
        past = eval_set.past
        age = past.cutoff - past.times
        size = len(past.recommendable)
        late = np.bincount(past.products[age <= self.window], minlength=size)
        before = np.bincount(past.products[(age > self.window) & (age <= 5 * self.window)], minlength=size)
        growth = (late - self.share * before / 4).astype(np.float32)
        return rank_by_scores(
            lambda start, end: np.tile(growth, (end - start, 1)), eval_set, top_k, self.popularity
        )


@dataclass(frozen=True)
class LastSeen:
    """Products by the user's newest event of any type with them, then the popular ones.

    Attributes:
        matrices: Shared matrices.
        popularity: Fills the lists.
    """

    matrices: Matrices
    popularity: Popularity

    @property
    def settings(self) -> dict[str, float | None]:
        """Those of the popularity."""
        return self.popularity.settings

    def recommend(self, eval_set: EvaluationSet, top_k: int) -> IntArray:
        """Product codes, best first, `[queries, top_k]`."""
        newest = self.matrices.remember(eval_set.past, ("newest",), lambda: newest_events(eval_set.past))

        def score(start: int, end: int) -> Scores:
            scores: Scores = rows_of_queries(newest, eval_set, start, end).toarray()
            return scores

        return rank_by_scores(score, eval_set, top_k, self.popularity)


def newest_events(past: Past) -> sparse.csr_matrix:
    """How new the newest event of each user and product is among all events, from 0 to 1."""
    users, products, times = past.users, past.products, past.times
    if past.others is not None:
        users = np.concatenate([users, past.others.user])
        products = np.concatenate([products, past.others.product])
        times = np.concatenate([times, past.others.time])
    order = np.argsort(-times, kind="stable")
    size = len(past.recommendable)
    pairs, first = np.unique(users[order].astype(np.int64) * size + products[order], return_index=True)
    # Ranks among all events order those of one user as their times do, and are no two alike.
    values = (1.0 - first / (len(order) + 1.0)).astype(np.float32)
    return sparse.csr_matrix(
        (values, (pairs // size, pairs % size)), shape=(max(past.num_users, 1), size), dtype=np.float32
    )
