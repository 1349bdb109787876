"""What is bought after what: directed, from the user's last events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from components.evaluation.baselines.base import EvaluationSet, Popularity
from components.evaluation.baselines.matrices import Matrices
from components.evaluation.baselines.ranking import Scores, rank_by_scores
from components.evaluation.events import Past
from components.evaluation.lists import NOTHING, IntArray

_REACH = 10
_MAX_EVENTS = 1_000
_LAST_EVENTS = 50


@dataclass(frozen=True)
class Transitions:
    """Counts how often one product follows another within ten events, nearer ones more.

    A Markov chain with skips (Shani, Heckerman and Brafman, "An MDP-based recommender system", JMLR
    2005), each product's row divided by a power of its sum, read from the last events of the user.

    Attributes:
        matrices: Shared matrices.
        half_life: Of the weight of the user's last events, in events.
        damping: Power of the sum by which a row is divided: 1 gives probabilities, 0 plain counts.
        popularity: Fills the lists.
    """

    matrices: Matrices
    half_life: float
    damping: float
    popularity: Popularity

    @property
    def settings(self) -> dict[str, float | None]:
        """`half_life_events`, `damping`."""
        return {"half_life_events": self.half_life, "damping": self.damping}

    def recommend(self, eval_set: EvaluationSet, top_k: int) -> IntArray:
        """Product codes, best first, `[queries, top_k]`."""
        past = eval_set.past
        chain = self.matrices.remember(past, ("chain", self.damping), lambda: self._chain(past))
        last = self._last_events(eval_set)

        def score(start: int, end: int) -> Scores:
            scores: Scores = (last[start:end] @ chain).toarray().astype(np.float32)
            return scores

        return rank_by_scores(score, eval_set, top_k, self.popularity)

    def _chain(self, past: Past) -> sparse.csr_matrix:
        follows = self.matrices.remember(past, ("follows",), lambda: count_transitions(past))
        sums = np.maximum(np.asarray(follows.sum(axis=1)).ravel(), 1e-9)
        return (sparse.diags((sums**-self.damping).astype(np.float32)) @ follows).tocsr()

    def _last_events(self, eval_set: EvaluationSet) -> sparse.csr_matrix:
        past = eval_set.past
        order = time_order(past)
        rows = past.rows_of(eval_set.users)[order]
        users = past.users[order]
        end = np.searchsorted(users, users, side="right")
        back = end - np.arange(len(users)) - 1
        kept = (rows != NOTHING) & (back < _LAST_EVENTS)
        weights = np.exp2(-back[kept] / self.half_life).astype(np.float32)
        shape = (len(eval_set.users), len(past.recommendable))
        return sparse.csr_matrix((weights, (rows[kept], past.products[order][kept])), shape=shape)


def time_order(past: Past) -> IntArray:
    """Events by user and time; events with equal stamps keep their order."""
    order: IntArray = np.lexsort((past.times, past.users))
    return order


def count_transitions(past: Past) -> sparse.csr_matrix:
    """Sums `1 / distance` over pairs of events of a user at most ten apart, `[products, products]`."""
    order = time_order(past)
    users, products = past.users[order], past.products[order]
    end = np.searchsorted(users, users, side="right")
    recent = end - np.arange(len(users)) <= _MAX_EVENTS
    users, products = users[recent], products[recent]
    size = len(past.recommendable)
    total = sparse.csr_matrix((size, size), dtype=np.float32)
    for distance in range(1, _REACH + 1):
        same = users[distance:] == users[:-distance]
        before, after = products[:-distance][same], products[distance:][same]
        weights = np.full(len(before), 1.0 / distance, np.float32)
        total = total + sparse.csr_matrix((weights, (before, after)), shape=(size, size))
    return total.tocsr()
