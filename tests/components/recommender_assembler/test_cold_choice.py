"""Who orders the lists of new users is measured."""

from __future__ import annotations

import numpy as np
import pytest

from components.recommender_assembler.cold_choice import LEAST_COLD_QUERIES, choose_cold_start
from components.recommender_assembler.eval_lists import EvalLists


def lists_of(num_cold, num_known=5):
    """New users buy the first of two candidates, which is the less popular; known ones the second."""
    size = num_cold + num_known
    cold = np.arange(size) < num_cold
    labels = np.where(cold[:, None], [[1.0, 0.0]], [[0.0, 1.0]])
    ones = np.ones(size, int)
    return EvalLists(
        index=np.tile([[3, 4]], (size, 1)),
        scores=np.zeros((size, 2)),
        popularity=np.tile([[1.0, 2.0]], (size, 1)),
        labels=labels,
        num_targets=ones,
        bought=np.zeros((size, 2), bool),
        num_new_targets=ones,
        has_history=~cold,
    )


@pytest.mark.parametrize(("scores", "chosen"), [([2.0, 1.0], "model"), ([1.0, 2.0], "segment")])
def test_the_better_order_for_new_users_is_taken(scores, chosen):
    lists = lists_of(LEAST_COLD_QUERIES)
    assert choose_cold_start(lists, np.tile([scores], (len(lists.scores), 1))) == chosen


def test_a_few_new_users_say_nothing():
    lists = lists_of(LEAST_COLD_QUERIES - 1)
    assert choose_cold_start(lists, np.tile([[2.0, 1.0]], (len(lists.scores), 1))) == "segment"
