"""How much diversity may be asked for before accuracy suffers, and what each strength of it costs.

The trade is measured and not supposed: the lists of the eval window are reordered at each strength, and the
largest is taken that stays within the accepted loss of NDCG@10 (Ziegler et al., "Improving recommendation
lists through topic diversification", WWW 2005, look for the same point with users).
"""

from __future__ import annotations

import numpy as np

from components.recommender.post_ranking.diversity import HEAD
from components.recommender.post_ranking.reordering import STRENGTHS, reordered
from components.recommender_assembler.choices.eval_lists import EvalLists, is_within

AUTO_STRENGTHS = (0.0, 0.02, 0.05, *STRENGTHS[1:])


def measure_strengths(
    lists: EvalLists, scores: np.ndarray, embeddings: np.ndarray, categories: np.ndarray, method: str
) -> dict[float, np.ndarray]:
    """Strength -> NDCG@10 of each query, of lists ordered by `scores`; NaN without targets."""
    head = np.argsort(-scores, axis=1, kind="stable")[:, :HEAD]
    products = np.take_along_axis(lists.index, head, axis=1).astype(np.int64)

    head_scores = np.take_along_axis(scores, head, axis=1)

    def ndcg_at(strength: float) -> np.ndarray:
        chosen = reordered(products, head_scores, embeddings, categories, strength, method, 10)
        return lists.ndcg_of(np.take_along_axis(head, chosen, axis=1))

    return {strength: ndcg_at(strength) for strength in AUTO_STRENGTHS}


def choose_diversity(measured: dict[float, np.ndarray], max_loss: float) -> float:
    """The largest strength up to which the loss and its standard error stay within `max_loss`.

    Args:
        measured: Strength -> NDCG@10 of each query.
        max_loss: Relative to the mean at strength 0.
    """
    chosen = 0.0
    for strength, values in sorted(measured.items()):
        if not is_within(measured[0.0], values, max_loss):
            break
        chosen = strength
    return chosen
