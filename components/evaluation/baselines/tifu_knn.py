"""TIFU-KNN: nearest neighbours over personalised item frequencies of baskets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from components.evaluation.baselines.base import EvaluationSet, Popularity
from components.evaluation.baselines.matrices import Matrices, rows_of_queries
from components.evaluation.baselines.ranking import Scores, rank_by_scores
from components.evaluation.events import Past
from components.evaluation.lists import IntArray

_GROUP_SIZE = 7
_BASKET_DECAY = 0.9


@dataclass(frozen=True)
class TifuKnn:
    """Blends the own baskets with those of near users.

    Hu et al., "Modeling personalized item frequency information for next-basket recommendation", SIGIR 2020.
    A user is the mean of groups of seven baskets, each the mean of its baskets; older baskets of a group and
    older groups count less (equations 2 to 5). A list is the user's own vector blended with the mean vector
    of the nearest users by Euclidean distance (equation 6). A basket is what has one stamp.

    Attributes:
        matrices: Shared matrices.
        group_decay: Factor by which the next older group counts less.
        num_neighbours: Users that are asked.
        own: Weight of the own vector, 0 to 1.
        max_users: Users, the most active, among whom neighbours are sought.
        popularity: Fills the lists.
    """

    matrices: Matrices
    group_decay: float
    num_neighbours: int
    own: float
    max_users: int
    popularity: Popularity

    @property
    def settings(self) -> dict[str, float | None]:
        """`group_decay`, `num_neighbours`, `own`."""
        return {
            "group_decay": self.group_decay,
            "num_neighbours": self.num_neighbours,
            "own": self.own,
        }

    def recommend(self, eval_set: EvaluationSet, top_k: int) -> IntArray:
        """Product codes, best first, `[queries, top_k]`."""
        past = eval_set.past
        key = ("tifu", self.group_decay)
        vectors = self.matrices.remember(past, key, lambda: basket_frequencies(past, self.group_decay))
        events = np.bincount(past.users, minlength=max(past.num_users, 1))
        active = np.sort(np.argsort(-events, kind="stable")[: self.max_users])
        active = active[events[active] > 0]
        others = vectors[active]
        lengths = np.asarray(others.multiply(others).sum(axis=1)).ravel()

        def score(start: int, end: int) -> Scores:
            mine = rows_of_queries(vectors, eval_set, start, end)
            # The own length is the same for all neighbours, so it does not order them.
            distance = lengths[np.newaxis, :] - 2.0 * (mine @ others.T).toarray()
            asking = eval_set.users[start:end]
            distance[active[np.newaxis, :] == asking[:, np.newaxis]] = np.inf
            count = min(self.num_neighbours, len(active))
            nearest = np.argpartition(distance, count - 1, axis=1)[:, :count]
            rows = np.repeat(np.arange(len(asking)), count)
            chosen = sparse.csr_matrix(
                (np.full(nearest.size, 1.0 / count, np.float32), (rows, nearest.ravel())),
                shape=distance.shape,
            )
            scores: Scores = (self.own * mine + (1.0 - self.own) * (chosen @ others)).toarray()
            scores[np.diff(mine.indptr) == 0] = 0.0  # without baskets nobody is near
            return scores.astype(np.float32)

        return rank_by_scores(score, eval_set, top_k, self.popularity)


def basket_frequencies(past: Past, group_decay: float) -> sparse.csr_matrix:
    """The users' vectors, float32 `[users, products]`."""
    size = len(past.recommendable)
    order = np.lexsort((past.products, past.times, past.users))
    users, products, times = past.users[order], past.products[order], past.times[order]
    begins = (
        np.append(True, (users[1:] != users[:-1]) | (times[1:] != times[:-1])) if len(users) else users > 0
    )
    basket = np.cumsum(begins) - 1
    of_user = users[begins]
    num_baskets = np.bincount(of_user, minlength=max(past.num_users, 1))
    ends = np.cumsum(num_baskets)
    back = (ends[of_user] - 1 - np.arange(len(of_user)))[basket]  # baskets that came after
    group, within = back // _GROUP_SIZE, back % _GROUP_SIZE
    groups = -(-num_baskets[users] // _GROUP_SIZE)
    in_group = np.minimum(num_baskets[users] - group * _GROUP_SIZE, _GROUP_SIZE)
    weight = _BASKET_DECAY**within / in_group * group_decay**group / groups
    distinct = np.unique(basket * size + products, return_index=True)[1]  # a basket holds a product once
    return sparse.csr_matrix(
        (weight[distinct].astype(np.float32), (users[distinct], products[distinct])),
        shape=(max(past.num_users, 1), size),
    )
