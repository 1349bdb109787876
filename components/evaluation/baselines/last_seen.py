"""What the user turned to last, whatever it was: viewed, put into the cart, bought."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from components.evaluation.baselines.base import EvaluationSet, Popularity
from components.evaluation.baselines.matrices import Matrices, rows_of_queries
from components.evaluation.baselines.ranking import Scores, rank_by_scores
from components.evaluation.events import Past
from components.evaluation.lists import IntArray


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
