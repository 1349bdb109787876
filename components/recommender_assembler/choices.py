"""What `auto` stands for: decided on the eval window, never on the test window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from components.recommender_assembler.diversity_choice import choose_diversity, measure_strengths
from components.recommender_assembler.eval_lists import read_eval_lists
from components.recommender_assembler.popularity_discount import choose_discount
from components.settings import PostRankingSettings
from schema.features import FeatureSet


@dataclass(frozen=True)
class Choices:
    """What is given up of the ranker's order.

    Attributes:
        popularity_discount: Weight of the log popularity that is taken off the scores.
        diversity: 0 to 1.
        diversity_ndcg: Strength -> NDCG@10 of the eval window; empty where `diversity` is not `auto`.
    """

    popularity_discount: float
    diversity: float
    diversity_ndcg: dict[float, float] = field(default_factory=dict)


def make_choices(
    settings: PostRankingSettings,
    ranking: Any,
    patterns: Sequence[str],
    features: FeatureSet,
    embeddings: np.ndarray,
    categories: np.ndarray,
) -> Choices:
    """Resolves `auto`; the discount comes first, and diversity is measured on what it leaves.

    Args:
        settings: As configured.
        ranking: The loaded ranking model.
        patterns: Files of the rows of candidates of the eval window.
        features: Feature columns.
        embeddings: Of length 1 `[products, dim]`.
        categories: Codes of the category columns, -1 where missing `[products, columns]`.
    """
    discount, diversity = settings.popularity_discount, settings.diversity
    if discount != "auto" and diversity != "auto":
        return Choices(float(discount), float(diversity))
    lists = read_eval_lists(ranking, patterns, features)
    taken = choose_discount(lists, settings.most_ndcg_loss) if discount == "auto" else float(discount)
    if diversity != "auto":
        return Choices(taken, float(diversity))
    scores = lists.scores - taken * lists.popularity
    measured = measure_strengths(lists, scores, embeddings, categories, settings.diversity_method)
    return Choices(taken, choose_diversity(measured, settings.most_diversity_loss), measured)
