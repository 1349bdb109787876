"""What each stage thought of a candidate: shown beside the final score."""

from __future__ import annotations

from typing import Any

from components.recommender.candidates.sources import PRERANKER_SCORE
from schema import names
from schema.served.candidate_features import SOURCE_FEATURES

Tensors = dict[str, Any]


def stage_scores(found: Tensors, ranked: Tensors) -> Tensors:
    """Scores of the candidates `[batch, candidates]`.

    Args:
        found: What the candidate sources returned.
        ranked: What the ranker returned.

    Returns:
        `two_tower_score` (cosine), `preranker_score` (log odds; 0 without a preranker) and `ranker_score`.
    """
    features = found[names.CANDIDATE_FEATURES]
    return {
        "two_tower_score": features[..., SOURCE_FEATURES.index("two_tower")],
        PRERANKER_SCORE: found[PRERANKER_SCORE],
        "ranker_score": ranked["scores"],
    }
