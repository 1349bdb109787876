"""Matrix factorisation by the library `implicit`: ALS and BPR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import sparse

from components.evaluation.baselines.base import EvaluationSet, Popularity
from components.evaluation.baselines.matrices import Matrices
from components.evaluation.baselines.ranking import Scores, rank_by_scores
from components.evaluation.events import Past
from components.evaluation.lists import NOTHING, IntArray

_NUM_FACTORS = 64
_MIN_EVENTS = 2


@dataclass(frozen=True)
class Factorization:
    """Weighted matrix factorisation (Hu, Koren and Volinsky, ICDM 2008) or BPR (Rendle et al., UAI 2009).

    Attributes:
        matrices: Shared matrices.
        method: `als` or `bpr`.
        regularization: Of the factors.
        confidence: Of one event, for ALS.
        num_iterations: Passes.
        popularity: Fills the lists, and serves users without events.
    """

    matrices: Matrices
    method: Literal["als", "bpr"]
    regularization: float
    confidence: float
    num_iterations: int
    popularity: Popularity

    @property
    def settings(self) -> dict[str, float | None]:
        """`regularization`, `num_iterations`, and for ALS `confidence`."""
        shared: dict[str, float | None] = {
            "regularization": self.regularization,
            "num_iterations": self.num_iterations,
        }
        return shared | ({"confidence": self.confidence} if self.method == "als" else {})

    def recommend(self, eval_set: EvaluationSet, top_k: int) -> IntArray:
        """Product codes, best first, `[queries, top_k]`."""
        past = eval_set.past
        key = (self.method, self.regularization, self.confidence, self.num_iterations)
        users, products = self.matrices.remember(past, key, lambda: self._fit(past))

        def score(start: int, end: int) -> Scores:
            codes = eval_set.users[start:end]
            scores: Scores = users[np.maximum(codes, 0)] @ products.T
            # Only the order of a factorisation means something: the shift makes every score positive.
            scores = scores - scores.min(axis=1, keepdims=True) + 1.0
            scores[codes == NOTHING] = 0.0
            return scores

        return rank_by_scores(score, eval_set, top_k, self.popularity)

    def _fit(self, past: Past) -> tuple[Scores, Scores]:
        matrix = self.matrices.counts(past, None)
        if matrix.nnz < _MIN_EVENTS:
            return np.zeros((matrix.shape[0], 1), np.float32), np.zeros((matrix.shape[1], 1), np.float32)
        model = self._model()
        weighted = matrix.copy()
        weighted.data = np.float32(self.confidence) * np.log1p(weighted.data)
        model.fit(sparse.csr_matrix(weighted), show_progress=False)
        return model.user_factors, model.item_factors

    def _model(self) -> Any:
        from implicit.als import AlternatingLeastSquares
        from implicit.bpr import BayesianPersonalizedRanking

        shared = {
            "factors": _NUM_FACTORS,
            "regularization": self.regularization,
            "iterations": self.num_iterations,
            "random_state": self.matrices.seed,
            "num_threads": 1,  # more threads give other sums, and so other lists
        }
        if self.method == "als":
            return AlternatingLeastSquares(use_gpu=False, **shared)
        return BayesianPersonalizedRanking(use_gpu=False, learning_rate=0.05, **shared)
