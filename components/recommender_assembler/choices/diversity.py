"""How much diversity may be asked for before accuracy suffers, and what each strength of it costs.

The trade is measured and not supposed: the lists of the eval window are reordered at each strength, and the
largest is taken that stays within the accepted loss of NDCG@10 (Ziegler et al., "Improving recommendation
lists through topic diversification", WWW 2005, look for the same point with users).
"""

from __future__ import annotations

import numpy as np

from components.recommender.post_ranking.diversity import HEAD
from components.recommender.post_ranking.reordering import STRENGTHS, reordered
from components.recommender_assembler.choices.eval_lists import EvalLists

AUTO_STRENGTHS = (0.0, 0.02, 0.05, *STRENGTHS[1:])


def measure_strengths(
    lists: EvalLists, scores: np.ndarray, embeddings: np.ndarray, categories: np.ndarray, method: str
) -> dict[float, float]:
    """NDCG@10 of the eval window at each of `AUTO_STRENGTHS`, of lists ordered by `scores`."""
    head = np.argsort(-scores, axis=1, kind="stable")[:, :HEAD]
    products = np.take_along_axis(lists.index, head, axis=1).astype(np.int64)

    head_scores = np.take_along_axis(scores, head, axis=1)

    def ndcg_at(strength: float) -> float:
        chosen = reordered(products, head_scores, embeddings, categories, strength, method, 10)
        return lists.ndcg_of(np.take_along_axis(head, chosen, axis=1))

    return {strength: ndcg_at(strength) for strength in AUTO_STRENGTHS}


def choose_diversity(measured: dict[float, float], max_loss: float) -> float:
    """The largest strength up to which the loss stays within `max_loss` of what strength 0 reaches."""
    chosen = 0.0
    for strength, value in sorted(measured.items()):
        if value < (1 - max_loss) * measured[0.0]:
            break
        chosen = strength
    return chosen
