"""Orders of lists, worked out by hand."""

import numpy as np
import pytest

from components.recommender.post_ranking import ordering


def test_by_score_puts_the_highest_first_and_keeps_ties():
    assert ordering.by_score(np.array([[1.0, 3.0, 1.0, 2.0]], np.float32)).numpy().tolist() == [[1, 3, 0, 2]]


def test_lower_tiers_come_first_in_the_order_that_they_have():
    order, tier = np.array([[2, 0, 3, 1]]), np.array([[0, 1, 1, 0]])  # of places 0, 1, 2, 3
    assert ordering.by_tier(order, tier).numpy().tolist() == [[0, 3, 2, 1]]


def test_the_chosen_come_first():
    order, chosen = np.array([[7, 5, 9, 8]], np.int32), np.array([[2, 0]], np.int32)
    assert ordering.head_first(order, chosen).numpy().tolist() == [[9, 7, 5, 8]]


def test_occurrence_counts_what_came_before():
    groups = np.array([[4, 4, 1, 4, 1], [0, 1, 2, 3, 4]], np.int64)
    assert ordering.occurrence(groups).numpy().tolist() == [[0, 1, 0, 2, 1], [0, 0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("entry", "target", "expected"),
    [(3, 0, [9, 6, 7, 8]), (0, 2, [7, 8, 6, 9]), (1, 1, [6, 7, 8, 9]), (-1, 2, [6, 7, 8, 9])],
)
def test_one_entry_is_moved(entry, target, expected):
    order = np.array([[6, 7, 8, 9]], np.int32)
    assert ordering.moved(order, np.array([entry]), np.array([target])).numpy().tolist() == [expected]
