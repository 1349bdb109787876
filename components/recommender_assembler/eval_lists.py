"""The ranker's lists of the eval window, on which post-ranking chooses what it may spend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.candidate_indexer.statistics import FEATURE_NAMES
from components.candidate_sources.sources import SOURCE_FEATURES
from components.evaluation.metrics import ndcg
from schema import names
from schema.features import FeatureSet
from schema.transformed import candidate_spec, dense_candidates, read_rows

POPULARITY = len(SOURCE_FEATURES) + FEATURE_NAMES.index("popularity_long")
"""Column of `candidate_features`: log of one plus the events of four windows."""
_TOP_K = 10
_BATCH = 64


@dataclass(frozen=True)
class EvalLists:
    """Candidates of each query, all `[queries, candidates]` but the last.

    Attributes:
        index: Products.
        scores: Of the ranker.
        popularity: Log of one plus the events of four windows.
        labels: Positive where a candidate is a target.
        num_targets: Targets of each query, also those that are no candidates `[queries]`.
    """

    index: np.ndarray
    scores: np.ndarray
    popularity: np.ndarray
    labels: np.ndarray
    num_targets: np.ndarray

    def ndcg(self, scores: np.ndarray) -> float:
        """Mean NDCG@10 of the queries with targets, ordered by other scores `[queries, candidates]`."""
        return self.ndcg_of(np.argsort(-scores, axis=1, kind="stable")[:, :_TOP_K])

    def ndcg_of(self, order: np.ndarray) -> float:
        """Likewise of given orders: places among the candidates `[queries, at least 10]`."""
        relevant = np.take_along_axis(self.labels > 0, order[:, :_TOP_K], axis=1)
        asked = self.num_targets > 0
        if not asked.any():
            return 0.0
        return float(ndcg(relevant[asked], self.num_targets[asked].astype(np.int64), _TOP_K).mean())


def read_eval_lists(ranking: Any, patterns: Sequence[str], features: FeatureSet) -> EvalLists:
    """Ranks the rows of candidates of the eval window.

    Args:
        ranking: The loaded ranking model.
        patterns: Files of the CandidateGenerator's rows.
        features: Feature columns.
    """
    rank = ranking.signatures[names.RANK]
    wanted = set(rank.structured_input_signature[1])
    columns: list[list[np.ndarray]] = []
    for rows in read_rows(patterns, candidate_spec(features), _BATCH):
        dense = dense_candidates(rows, features)
        scores = rank(**{name: value for name, value in dense.items() if name in wanted})["scores"]
        popularity = dense[names.CANDIDATE_FEATURES][..., POPULARITY]
        taken = [dense[name] for name in (names.CANDIDATE_INDEX, names.LABEL, names.NUM_TARGETS)]
        columns.append([part.numpy() for part in (taken[0], scores, popularity, *taken[1:])])
    if not columns:
        nothing = np.zeros((0, 0))
        return EvalLists(nothing, nothing, nothing, nothing, np.zeros(0))
    return EvalLists(*(np.concatenate(parts) for parts in zip(*columns, strict=True)))
