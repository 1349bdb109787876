"""What users with alike baskets buy, blended with what the user buys himself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from scipy import sparse

from components.evaluation.baselines.base import EvaluationSet, Popularity
from components.evaluation.baselines.matrices import Matrices, rows_of_queries
from components.evaluation.baselines.ranking import Scores, rank_by_scores
from components.evaluation.events import Past
from components.evaluation.lists import IntArray
from components.interactions.neighbours import largest_of_rows, unit_rows
from schema import names

_MAX_REMEMBERED: Final = 10_000_000
"""Pairs of an asking user and a possible neighbour whose cosines are kept while settings are tuned."""


@dataclass(frozen=True)
class UserKnn:
    """The decayed purchases of the `num_neighbours` most alike users (Herlocker et al., SIGIR 1999).

    Users are alike by the cosine of their decayed counts, each product weighted by the log of
    how few users have it. Own purchases are added with a weight, as TIFU-KNN does for baskets (Hu et al.,
    "Modeling personalized item frequency information for next-basket recommendation", SIGIR 2020).

    Attributes:
        matrices: Shared matrices.
        half_life: Of an event's weight, seconds.
        num_neighbours: Users that are asked.
        own: Weight of the own purchases beside the neighbours', 0 to 1.
        max_users: Users, the most active, among whom neighbours are sought.
        popularity: Fills the lists.
        other: What an event counts that is no target.
    """

    matrices: Matrices
    half_life: float
    num_neighbours: int
    own: float
    max_users: int
    popularity: Popularity
    other: float = 0.0

    @property
    def settings(self) -> dict[str, float | None]:
        """`half_life_days`, `num_neighbours`, `own`, `other`."""
        days = self.half_life / names.SECONDS_PER_DAY
        return {
            "half_life_days": days,
            "num_neighbours": self.num_neighbours,
            "own": self.own,
            "other": self.other,
        }

    def recommend(self, eval_set: EvaluationSet, top_k: int) -> IntArray:
        """Product codes, best first, `[queries, top_k]`."""
        past = eval_set.past
        key = ("profiles", self.half_life, self.other)
        profiles = self.matrices.remember(past, key, lambda: self._profiles(past))
        counts = self.matrices.counts(past, self.half_life, self.other)
        active = self._active(past)
        neighbours, purchases = profiles[active], unit_rows(counts[active])

        def alike(start: int, end: int) -> sparse.csr_matrix:
            cosines = (rows_of_queries(profiles, eval_set, start, end) @ neighbours.T).tocsr()
            asking = np.repeat(eval_set.users[start:end], np.diff(cosines.indptr))
            cosines.data[active[cosines.indices] == asking] = 0  # nobody is their own neighbour
            cosines.eliminate_zeros()
            return cosines

        def score(start: int, end: int) -> Scores:
            # The number of neighbours and the own weight are tuned on the same cosines.
            key = ("alike", self.half_life, self.other, eval_set.users[start:end].tobytes())
            few = len(eval_set.users) * len(active) <= _MAX_REMEMBERED
            make = partial(alike, start, end)
            cosines = self.matrices.remember(past, key, make) if few else make()
            nearest = largest_of_rows(cosines, self.num_neighbours)
            total = np.maximum(np.asarray(nearest.sum(axis=1)), 1e-9)
            theirs = (nearest @ purchases).toarray() / total
            mine = unit_rows(rows_of_queries(counts, eval_set, start, end)).toarray()
            scores: Scores = ((1 - self.own) * theirs + self.own * mine).astype(np.float32)
            return scores

        return rank_by_scores(score, eval_set, top_k, self.popularity)

    def _profiles(self, past: Past) -> sparse.csr_matrix:
        counts = self.matrices.counts(past, self.half_life, self.other)
        holders = np.maximum(np.asarray(self.matrices.binary(past, self.other).sum(axis=0)).ravel(), 1.0)
        rarity = np.log1p(counts.shape[0] / holders).astype(np.float32)
        return unit_rows((counts @ sparse.diags(rarity)).tocsr())

    def _active(self, past: Past) -> IntArray:
        size = max(past.num_users, 1)
        events = np.bincount(past.users, minlength=size)
        if self.other and past.others is not None:
            events = events + np.bincount(past.others.user, minlength=size)
        busiest: IntArray = np.sort(np.argsort(-events, kind="stable")[: self.max_users])
        return busiest[events[busiest] > 0]
