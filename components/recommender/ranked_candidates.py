"""The candidates of a query once they have been ranked: what post-ranking reads, and what lists tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import tensorflow as tf

from components.recommender.candidates.sources import PRERANKER_SCORE
from components.recommender.post_ranking.popularity_discount import discounted
from schema import names
from schema.served import finishing
from schema.served.candidate_features import SOURCE_FEATURES

Tensors = dict[str, Any]


@dataclass(frozen=True)
class RankedCandidates:
    """Candidates, `[batch, candidates]` each.

    Attributes:
        index: Products.
        source: Number of the source of each.
        scores: Those of the ranker less the discount on popularity.
        details: What lists tell of them, `schema.served.finishing.DETAILS`: the history of each product, and
            what each stage thought of it (cosine, log odds or 0 without a preranker, score).
    """

    index: tf.Tensor
    source: tf.Tensor
    scores: tf.Tensor
    details: Mapping[str, tf.Tensor]

    @classmethod
    def of(cls, found: Tensors, ranked: Tensors, discount: float) -> Self:
        """Those of the graph.

        Args:
            found: What the candidate sources returned.
            ranked: What the ranker returned.
            discount: On popularity.
        """
        features = found[names.CANDIDATE_FEATURES]
        details = {
            "times_bought": ranked["times_bought"],
            "days_since_last": ranked["days_since_last"],
            "usual_interval_days": ranked["interval_days"],
            "two_tower_score": features[..., SOURCE_FEATURES.index("two_tower")],
            PRERANKER_SCORE: found[PRERANKER_SCORE],
            "ranker_score": ranked["scores"],
        }
        scores = discounted(ranked["scores"], features, discount)
        return cls(found[names.CANDIDATE_INDEX], found[finishing.SOURCE], scores, details)

    @classmethod
    def given(cls, inputs: Tensors) -> Self:
        """Those of the inputs of the signature `finish`."""
        details = {name: inputs[name] for name in finishing.DETAILS}
        return cls(inputs[names.CANDIDATE_INDEX], inputs[finishing.SOURCE], inputs[finishing.SCORE], details)
