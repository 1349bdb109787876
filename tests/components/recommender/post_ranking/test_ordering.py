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


def test_over_the_limit_of_one_group():
    groups = np.array([[[4], [4], [-1], [4], [-1]]], np.int64)
    assert ordering.over_limit(groups, 1).numpy().tolist() == [[False, True, False, True, False]]
    assert ordering.over_limit(groups, 2).numpy().tolist() == [[False, False, False, True, False]]


def test_what_is_not_kept_counts_in_none_of_its_groups():
    # The second is over for 1, so that 2 is still free for the third, and then not for the fourth.
    groups = np.array([[[1, -1], [1, 2], [2, 3], [3, 4], [4, -1]]], np.int64)
    assert ordering.over_limit(groups, 1).numpy().tolist() == [[False, True, False, True, False]]


@pytest.mark.parametrize("seed", range(6))
def test_over_the_limit_as_a_list_is_filled_one_by_one(seed):
    rng = np.random.default_rng(seed)
    groups = np.full((4, 30, 3), -1, np.int64)
    for row, entry in np.ndindex(4, 30):
        count = rng.integers(0, 4)
        groups[row, entry, :count] = rng.choice(8, count, replace=False)
    found = ordering.over_limit(groups, 3).numpy()
    for row in range(4):
        taken = np.zeros(8, int)
        for entry in range(30):
            own = [group for group in groups[row, entry] if group >= 0]
            is_over = any(taken[group] >= 3 for group in own)
            assert found[row, entry] == is_over
            taken[own] += not is_over
