"""What follows what, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from components.candidate_indexer.transitions import transition_weights
from components.interactions.events import ShopEvents


def shop(rows, num_products=5):
    """Rows are (user, product, time)."""
    user, product, time = (np.array(column) for column in zip(*rows, strict=True))
    size = len(rows)
    return ShopEvents(
        user.astype(np.int32),
        product.astype(np.int32),
        time.astype(np.int64),
        num_products,
        np.ones(size, bool),
        np.zeros(size, np.int32),
    )


def dense(indices, weights):
    table = np.zeros((len(indices), len(indices)))
    for row, (others, values) in enumerate(zip(indices, weights, strict=True)):
        table[row, others[others >= 0]] = values[others >= 0]
    return table


def test_nearer_followers_count_more_and_rows_are_smoothed_shares():
    # 0 then 1 (distance 1) and 2 (distance 2); 1 then 2. Three more are added to the sum of a row.
    found = dense(*transition_weights(shop([(0, 0, 1), (0, 1, 2), (0, 2, 3)]), np.ones(3), 3))
    expected = np.zeros((5, 5))
    expected[0, 1], expected[0, 2] = 1 / 4.5, 0.5 / 4.5
    expected[1, 2] = 1 / 4
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_users_do_not_follow_each_other_and_a_product_does_not_follow_itself():
    found = dense(*transition_weights(shop([(0, 0, 1), (0, 0, 2), (1, 1, 3)]), np.ones(3), 3))
    assert (found == 0).all()


def test_a_follower_counts_by_its_strength():
    found = dense(*transition_weights(shop([(0, 0, 1), (0, 1, 2)]), np.array([1.0, 0.25]), 3))
    assert found[0, 1] == pytest.approx(0.25 / 3.25)


def test_events_more_than_ten_apart_do_not_meet():
    rows = [(0, 0, 0), *((0, 1, time) for time in range(1, 11)), (0, 2, 11)]
    assert dense(*transition_weights(shop(rows), np.ones(12), 4))[0, 2] == 0


def test_the_most_frequent_are_kept_best_first():
    rows = [(user, 0, 1) for user in range(6)]
    rows += [(user, 1 + (user >= 3) + (user >= 5), 2) for user in range(6)]  # 1 thrice, 2 twice, 3 once
    indices, weights = transition_weights(shop(rows), np.ones(12), 2)
    assert indices[0].tolist() == [1, 2]
    np.testing.assert_allclose(weights[0], [3 / 9, 2 / 9], rtol=1e-6)
    assert indices[1].tolist() == [-1, -1] and weights[1].tolist() == [0, 0]


def test_no_events_at_all():
    empty = shop([(0, 0, 1)]).before(0)
    indices, weights = transition_weights(empty, np.zeros(0), 2)
    assert (indices == -1).all() and (weights == 0).all()
