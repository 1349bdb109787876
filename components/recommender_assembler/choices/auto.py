"""What `auto` stands for: decided on the eval window, never on the test window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from components.recommender_assembler.choices.cold_start import choose_cold_start
from components.recommender_assembler.choices.diversity import choose_diversity, measure_strengths
from components.recommender_assembler.choices.eval_lists import EvalLists, mean_ndcg
from components.recommender_assembler.choices.popularity_discount import choose_discount
from components.recommender_assembler.ranking_evidence import ProvenGain
from components.settings import PostRankingSettings

AUTO: Final = "auto"


@dataclass(frozen=True)
class Choices:
    """What is given up of the ranker's order.

    Attributes:
        popularity_discount: Weight of the log popularity that is taken off the scores.
        diversity: 0 to 1.
        cold_start: `segment` or `model`.
        diversity_ndcg: Strength -> NDCG@10 of the eval window; empty where `diversity` is not `auto`.
    """

    popularity_discount: float
    diversity: float
    cold_start: str
    diversity_ndcg: dict[float, float] = field(default_factory=dict)

    def as_classic(self, settings: PostRankingSettings) -> Choices:
        """The same where nothing may be given up of the order: what was chosen by `auto` is off."""
        return replace(
            self,
            popularity_discount=0.0 if settings.popularity_discount == AUTO else self.popularity_discount,
            diversity=0.0 if settings.diversity == AUTO else self.diversity,
            cold_start="model" if settings.cold_start == AUTO else self.cold_start,
        )


def make_choices(
    settings: PostRankingSettings,
    read_lists: Callable[[], EvalLists],
    embeddings: np.ndarray,
    categories: np.ndarray,
    gains_of_segments: Callable[[], np.ndarray],
    proven: ProvenGain,
) -> Choices:
    """Resolves `auto`; the discount comes first, and diversity is measured on what it leaves.

    Args:
        settings: As configured.
        read_lists: The ranker's lists of the eval window.
        embeddings: Of length 1 `[products, dim]`.
        categories: `category_codes` `[products, columns, members]`.
        gains_of_segments: `segment_gains` of the eval window.
        proven: Gains of the ranker over the classical baseline that it starts from. No more than half of them
            is given up, a quarter for the tail and a quarter for diversity: a ranker that has gained nothing
            has nothing to give away.
    """
    discount_losses = (
        min(settings.max_ndcg_loss, proven.everything / 4),
        min(settings.max_new_ndcg_loss, proven.new / 4),
    )
    chosen = (settings.popularity_discount, settings.diversity, settings.cold_start)
    discount, diversity, cold_start = chosen
    if AUTO not in chosen:
        return Choices(float(discount), float(diversity), cold_start)
    lists = read_lists()
    if discount == AUTO:
        discount = choose_discount(lists, *discount_losses)
    scores = lists.scores - float(discount) * lists.popularity
    if cold_start == AUTO:
        cold_start = choose_cold_start(lists, scores, gains_of_segments())
    measured: dict[float, np.ndarray] = {}
    if diversity == AUTO:
        measured = measure_strengths(lists, scores, embeddings, categories, settings.diversity_method)
        diversity = choose_diversity(measured, min(settings.max_diversity_loss, proven.everything / 4))
    means = {strength: mean_ndcg(values) for strength, values in measured.items()}
    return Choices(float(discount), float(diversity), cold_start, means)
