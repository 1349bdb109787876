"""What the lists of the eval window tell."""

from __future__ import annotations

import math

import numpy as np
import pytest

from components.recommender_assembler.choices.eval_lists import EvalLists


@pytest.fixture
def lists():
    """Two queries with three candidates; the second has no history."""
    return EvalLists(
        index=np.array([[5, 6, 7], [5, 6, 7]]),
        scores=np.array([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0]]),
        popularity=np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]),
        labels=np.array([[1.0, 0.0, 1.0], [1.0, 0.0, 0.0]]),
        num_targets=np.array([2, 1]),
        bought=np.array([[True, False, False], [False, False, False]]),
        num_new_targets=np.array([1, 1]),
        has_history=np.array([True, False]),
    )


def test_ndcg_counts_everything(lists):
    first = (1 + 1 / math.log2(4)) / (1 + 1 / math.log2(3))
    second = 1 / math.log2(4)
    assert lists.ndcg(lists.scores) == pytest.approx((first + second) / 2)


def test_new_ndcg_leaves_the_history_out_of_lists_and_targets(lists):
    # What is left of the first list is 6, 7, of which 7 is a target: second place.
    assert lists.new_ndcg(lists.scores) == pytest.approx((1 / math.log2(3) + 1 / math.log2(4)) / 2)


def test_queries_that_ask_for_nothing_new_do_not_count(lists):
    one = lists.select(np.array([True, False]))
    nothing = EvalLists(**{**vars(one), "num_new_targets": np.array([0])})
    assert nothing.new_ndcg(nothing.scores) == 0.0


def test_selected_queries_keep_their_values(lists):
    second = lists.select(~lists.has_history)
    assert second.index.tolist() == [[5, 6, 7]] and second.scores.tolist() == [[1.0, 2.0, 3.0]]
    assert second.num_targets.tolist() == [1] and second.has_history.tolist() == [False]
