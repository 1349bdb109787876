"""Products that the same users buy as what the user has bought."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from components.evaluation.baselines.base import EvaluationSet, Popularity
from components.evaluation.baselines.matrices import Matrices, rows_of_queries
from components.evaluation.baselines.ranking import Scores, rank_by_scores
from components.evaluation.events import Past
from components.evaluation.lists import IntArray
from components.interactions.neighbours import nearest_products
from schema import names

_NUM_NEIGHBOURS = 100


@dataclass(frozen=True)
class ItemKnn:
    """Sums cosines to the user's purchases, decayed (Deshpande and Karypis, TOIS 2004).

    Attributes:
        matrices: Shared matrices.
        half_life: Of a purchase's weight in the query, seconds.
        memory: Half-life of an event's weight where cosines are computed, seconds.
        itself: Whether a product is its own nearest neighbour, so that what was bought may come again.
        popularity: Fills the lists.
        other: What an event counts that is no target.
    """

    matrices: Matrices
    half_life: float
    memory: float
    itself: bool
    popularity: Popularity
    other: float = 0.0

    @property
    def settings(self) -> dict[str, float | None]:
        """`half_life_days`, `memory_days`, `itself`, `other`."""
        return {
            "half_life_days": self.half_life / names.SECONDS_PER_DAY,
            "memory_days": self.memory / names.SECONDS_PER_DAY,
            "itself": float(self.itself),
            "other": self.other,
        }

    def recommend(self, eval_set: EvaluationSet, top_k: int) -> IntArray:
        """Product codes, best first, `[queries, top_k]`."""
        past = eval_set.past
        key = ("similar", self.memory, self.other)
        similar = self.matrices.remember(past, key, lambda: self._similar(past))
        if self.itself:
            similar = similar + sparse.identity(similar.shape[0], np.float32, "csr")
        counts = self.matrices.counts(past, self.half_life, self.other)

        def score(start: int, end: int) -> Scores:
            rows = rows_of_queries(counts, eval_set, start, end)
            scores: Scores = (rows @ similar).toarray().astype(np.float32)
            return scores

        return rank_by_scores(score, eval_set, top_k, self.popularity)

    def _similar(self, past: Past) -> sparse.csr_matrix:
        counts = self.matrices.counts(past, self.memory, self.other).copy()
        counts.data = np.log1p(4.0 * counts.data)
        index, cosine = nearest_products(counts, min(_NUM_NEIGHBOURS, counts.shape[1]))
        rows = np.repeat(np.arange(len(index)), index.shape[1])
        kept = index.ravel() >= 0
        return sparse.csr_matrix(
            (cosine.ravel()[kept], (rows[kept], index.ravel()[kept])), shape=(counts.shape[1],) * 2
        )
