"""Who orders the list of a user without history: the ranker, or the popularity in his segment."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from components.recommender_assembler.eval_lists import EvalLists

LEAST_COLD_QUERIES: Final = 30
"""Fewer of them in the eval window say nothing."""


def choose_cold_start(lists: EvalLists, scores: np.ndarray) -> Literal["segment", "model"]:
    """`model` where the ranker orders the lists of users without history better than popularity does.

    Args:
        lists: Of the eval window.
        scores: By which lists are ordered `[queries, candidates]`.
    """
    cold = ~lists.has_history
    if cold.sum() < LEAST_COLD_QUERIES:
        return "segment"
    new_users = lists.select(cold)
    ranker, popularity = new_users.ndcg(scores[cold]), new_users.ndcg(new_users.popularity)
    return "model" if ranker > popularity else "segment"
