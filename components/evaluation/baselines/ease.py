"""The shallow autoencoder in closed form, among the most bought products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from components.evaluation.baselines.base import EvaluationSet, Popularity
from components.evaluation.baselines.matrices import Matrices, rows_of_queries
from components.evaluation.baselines.ranking import Scores, rank_by_scores
from components.evaluation.events import Past
from components.evaluation.lists import FloatArray, IntArray
from components.interactions.neighbours import solve_ease
from schema import names


@dataclass(frozen=True)
class Ease:
    """EASE (Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019, equation 8).

    Attributes:
        matrices: Shared matrices.
        half_life: Of a purchase's weight in the query, seconds; None weighs all alike.
        regularization: Added to the diagonal of the Gram matrix.
        max_products: Most bought products that take part: the cost grows with its third power.
        popularity: Fills the lists.
        other: What an event counts that is no target; 0 leaves those out, anything else counts them as 1.
    """

    matrices: Matrices
    half_life: float | None
    regularization: float
    max_products: int
    popularity: Popularity
    other: float = 0.0

    @property
    def settings(self) -> dict[str, float | None]:
        """`half_life_days`, `regularization`, `other`."""
        days = None if self.half_life is None else self.half_life / names.SECONDS_PER_DAY
        return {"half_life_days": days, "regularization": self.regularization, "other": self.other}

    def recommend(self, eval_set: EvaluationSet, top_k: int) -> IntArray:
        """Product codes, best first, `[queries, top_k]`."""
        past = eval_set.past
        head, weights = self.matrices.remember(
            past, ("ease", self.regularization, self.other), lambda: self._solve(past)
        )
        counts = self.matrices.counts(past, self.half_life, self.other)
        size = len(past.recommendable)

        def score(start: int, end: int) -> Scores:
            rows = rows_of_queries(counts, eval_set, start, end)[:, head]
            rows.data = np.minimum(rows.data, 1.0)
            scores = np.zeros((end - start, size), np.float32)
            scores[:, head] = rows @ weights
            return scores

        return rank_by_scores(score, eval_set, top_k, self.popularity)

    def _solve(self, past: Past) -> tuple[IntArray, FloatArray]:
        binary = self.matrices.binary(past, self.other)
        buyers = np.asarray(binary.sum(axis=0)).ravel()
        head = np.sort(np.argsort(-buyers, kind="stable")[: self.max_products])
        head = head[buyers[head] > 0]
        gram = (binary[:, head].T @ binary[:, head]).toarray()
        return head, solve_ease(gram, self.regularization)
