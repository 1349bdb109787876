"""How much popularity may be taken off the ranker's scores before accuracy suffers.

A ranker that is trained on what was bought shows popular products more often than their share of the
purchases deserves, and the rest of the catalogue not at all. Subtracting a little of the log popularity
from every score brings more of the catalogue into the lists (Abdollahpouri, Burke and Mobasher, "Managing
popularity bias in recommender systems with personalized re-ranking", FLAIRS 2019). How little is measured
on the eval window.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from components.candidate_indexer.statistics import FEATURE_NAMES
from components.candidate_sources.sources import SOURCE_FEATURES
from schema import names
from schema.features import FeatureSet
from schema.transformed import candidate_spec, dense_candidates, read_rows

DISCOUNTS = tuple(step / 100 for step in range(31))
POPULARITY = len(SOURCE_FEATURES) + FEATURE_NAMES.index("popularity_long")
"""Column of `candidate_features`: log of one plus the events of four windows."""
_TOP_K = 10
_BATCH = 64


def choose_discount(
    scores: np.ndarray, popularity: np.ndarray, labels: np.ndarray, num_targets: np.ndarray, most_loss: float
) -> float:
    """The largest of `DISCOUNTS` up to which NDCG@10 stays within a relative loss.

    Args:
        scores: Of the ranker `[queries, candidates]`.
        popularity: Of the candidates, likewise.
        labels: Positive where a candidate is a target, likewise.
        num_targets: Targets of each query, also those that are no candidates `[queries]`.
        most_loss: Relative to the NDCG@10 without a discount.
    """
    if not len(scores):
        return 0.0
    undiscounted = _ndcg(scores, labels, num_targets)
    chosen = 0.0
    for discount in DISCOUNTS:
        if _ndcg(scores - discount * popularity, labels, num_targets) < (1 - most_loss) * undiscounted:
            break
        chosen = discount
    return chosen


def measure_discount(ranking: Any, patterns: Sequence[str], features: FeatureSet, most_loss: float) -> float:
    """Chooses the discount on rows of candidates of the eval window.

    Args:
        ranking: The loaded ranking model.
        patterns: Files of the CandidateGenerator's rows.
        features: Feature columns.
        most_loss: Accepted relative loss of NDCG@10.
    """
    rank = ranking.signatures[names.RANK]
    wanted = set(rank.structured_input_signature[1])
    columns: list[list[np.ndarray]] = []
    for rows in read_rows(patterns, candidate_spec(features), _BATCH):
        dense = dense_candidates(rows, features)
        scores = rank(**{name: value for name, value in dense.items() if name in wanted})["scores"].numpy()
        popularity = dense[names.CANDIDATE_FEATURES][..., POPULARITY].numpy()
        columns.append([scores, popularity, dense[names.LABEL].numpy(), dense[names.NUM_TARGETS].numpy()])
    if not columns:
        return 0.0
    scores, popularity, labels, num_targets = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    return choose_discount(scores, popularity, labels, num_targets, most_loss)


def discounted(scores: tf.Tensor, candidate_features: tf.Tensor, discount: float) -> tf.Tensor:
    """Scores `[batch, candidates]` less the discount on popularity."""
    return scores - discount * candidate_features[..., POPULARITY] if discount else scores


def _ndcg(scores: np.ndarray, labels: np.ndarray, num_targets: np.ndarray) -> float:
    order = np.argsort(-scores, axis=1, kind="stable")[:, :_TOP_K]
    relevant = np.take_along_axis(labels > 0, order, axis=1)
    gains = 1.0 / np.log2(np.arange(2, _TOP_K + 2))
    ideal = np.concatenate([[0.0], np.cumsum(gains)])[np.minimum(num_targets, _TOP_K)]
    found = relevant @ gains[: relevant.shape[1]]
    asked = num_targets > 0
    return float((found[asked] / ideal[asked]).mean()) if asked.any() else 0.0
