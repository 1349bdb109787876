"""The ranker's lists of the eval window, on which post-ranking chooses what it may spend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from components.evaluation.lists import CodeLists
from components.evaluation.metrics import ndcg
from components.recommender.post_ranking.popularity_discount import POPULARITY
from schema import names
from schema.features import FeatureSet
from schema.tensors.transformed import candidate_spec, dense_candidates, read_rows

_TOP_K = 10
_BATCH = 64


@dataclass(frozen=True)
class EvalLists:
    """Candidates of each query, `[queries, candidates]` where nothing else is said.

    Attributes:
        index: Products.
        scores: Of the ranker.
        popularity: Log share of the sales of four windows.
        labels: Positive where a candidate is a target.
        num_targets: Targets of each query, also those that are no candidates `[queries]`.
        bought: Which candidates stand in the history.
        num_new_targets: Targets that do not stand in the history `[queries]`.
        has_history: Whether any known product stands in the history `[queries]`.
    """

    index: np.ndarray
    scores: np.ndarray
    popularity: np.ndarray
    labels: np.ndarray
    num_targets: np.ndarray
    bought: np.ndarray
    num_new_targets: np.ndarray
    has_history: np.ndarray

    def ndcg(self, scores: np.ndarray) -> float:
        """Mean NDCG@10 of the queries with targets, ordered by other scores `[queries, candidates]`."""
        return mean_ndcg(self.ndcg_by_query(scores))

    def new_ndcg(self, scores: np.ndarray) -> float:
        """Mean NDCG@10 of what was never bought before: without the history in lists and targets."""
        return mean_ndcg(self.new_ndcg_by_query(scores))

    def ndcg_of(self, order: np.ndarray) -> np.ndarray:
        """As `ndcg_by_query`, of given orders: indices among the candidates `[queries, at least 10]`."""
        return self._ndcg_of(order)

    def ndcg_by_query(self, scores: np.ndarray) -> np.ndarray:
        """NDCG@10 of each query; NaN for those without targets."""
        return self._ndcg_of(np.argsort(-scores, axis=1, kind="stable")[:, :_TOP_K])

    def new_ndcg_by_query(self, scores: np.ndarray) -> np.ndarray:
        """Likewise of what was never bought before."""
        order = np.argsort(-np.where(self.bought, -np.inf, scores), axis=1, kind="stable")[:, :_TOP_K]
        relevant = np.take_along_axis((self.labels > 0) & ~self.bought, order, axis=1)
        return _ndcg(relevant, self.num_new_targets)

    def _ndcg_of(self, order: np.ndarray) -> np.ndarray:
        relevant = np.take_along_axis(self.labels > 0, order[:, :_TOP_K], axis=1)
        return _ndcg(relevant, self.num_targets)

    def select(self, queries: np.ndarray) -> EvalLists:
        """The marked queries, bool `[queries]`."""
        return EvalLists(*(getattr(self, part.name)[queries] for part in fields(self)))


def read_eval_lists(ranking: Any, patterns: Sequence[str], features: FeatureSet) -> EvalLists:
    """Ranks the rows of candidates of the eval window.

    Args:
        ranking: The loaded ranking model.
        patterns: Files of the CandidateGenerator's rows.
        features: Feature columns.
    """
    rank = ranking.signatures[names.RANK]
    inputs = set(rank.structured_input_signature[1])
    columns: list[list[np.ndarray]] = []
    for rows in read_rows(patterns, candidate_spec(features), _BATCH):
        dense = dense_candidates(rows, features)
        scores = rank(**{name: value for name, value in dense.items() if name in inputs})["scores"]
        popularity = dense[names.CANDIDATE_FEATURES][..., POPULARITY]
        taken = [dense[name] for name in (names.CANDIDATE_INDEX, names.LABEL, names.NUM_TARGETS)]
        known = [part.numpy() for part in (taken[0], scores, popularity, *taken[1:])]
        columns.append([*known, *_seen_before(rows, known[0])])
    if not columns:
        nothing, none = np.zeros((0, 0)), np.zeros(0, bool)
        return EvalLists(nothing, nothing, nothing, nothing, none, nothing.astype(bool), none, none)
    return EvalLists(*(np.concatenate(parts) for parts in zip(*columns, strict=True)))


def _seen_before(rows: Any, index: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`bought`, `num_new_targets` and `has_history` of parsed rows with candidates `index`."""
    history, targets = (
        CodeLists.from_ragged(rows[name]) for name in (names.HISTORY_INDEX, names.TARGET_INDEX)
    )
    numbers = np.broadcast_to(np.arange(len(index))[:, None], index.shape)
    return history.contains(numbers, index), targets.without(history).lengths, history.lengths > 0


def _ndcg(relevant: np.ndarray, num_targets: np.ndarray) -> np.ndarray:
    values = ndcg(relevant, np.maximum(num_targets, 1).astype(np.int64), _TOP_K)
    return np.where(num_targets > 0, values, np.nan)


def mean_ndcg(values: np.ndarray) -> float:
    """Mean over the queries for which it is known; 0 if it is for none."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else 0.0


def is_within(before: np.ndarray, after: np.ndarray, most_loss: float) -> bool:
    """Whether the mean loss and a standard error of it are within a share of the mean before.

    Args:
        before: NDCG@10 of each query, NaN where it is not known.
        after: Likewise, after what may cost some of it.
        most_loss: The share.
    """
    known = np.isfinite(before)
    losses = (before - after)[known]
    if not len(losses):
        return True
    error = losses.std() / np.sqrt(len(losses))
    return bool(losses.mean() + error <= most_loss * before[known].mean())
