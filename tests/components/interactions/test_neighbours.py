"""Neighbours against cosines worked out by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from components.interactions.events import ShopEvents
from components.interactions.neighbours import (
    largest_of_rows,
    nearest_products,
    user_product_matrix,
    user_product_shares,
)

DAY = 86_400


def brute_force(matrix):
    """Cosines of all columns; 0 on the diagonal and where a column is empty."""
    length = np.linalg.norm(matrix, axis=0)
    length[length == 0] = np.inf
    cosines = (matrix.T @ matrix) / np.outer(length, length)
    np.fill_diagonal(cosines, 0)
    return cosines


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("count", [3, 40])
def test_neighbours_agree_with_brute_force(seed, count):
    rng = np.random.default_rng(seed)
    matrix = rng.random((30, 20)) * (rng.random((30, 20)) < 0.15)
    matrix[:, 4] = 0
    indices, scores = nearest_products(sparse.csr_matrix(matrix), count)
    cosines = brute_force(matrix)
    assert indices.shape == scores.shape == (20, count)
    expected = np.sort(np.pad(cosines, [[0, 0], [0, 20]]), axis=1)[:, ::-1][:, :count]
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    for product in range(20):
        for neighbour, score in zip(indices[product], scores[product], strict=True):
            assert score == pytest.approx(cosines[product, neighbour] if neighbour >= 0 else 0.0, abs=1e-5)


def test_a_product_is_not_its_own_neighbour():
    indices, _ = nearest_products(sparse.csr_matrix(np.ones((4, 3))), 3)
    assert not (indices == np.arange(3)[:, None]).any()


def test_products_without_a_common_user_are_no_neighbours():
    indices, scores = nearest_products(sparse.csr_matrix(np.eye(3)), 2)
    assert (indices == -1).all()
    assert (scores == 0).all()


def test_no_events_at_all():
    indices, scores = nearest_products(sparse.csr_matrix((1, 4)), 2)
    assert (indices.tolist(), scores.tolist()) == ([[-1, -1]] * 4, [[0.0, 0.0]] * 4)


def events(users, products, times):
    size = len(users)
    return ShopEvents(
        np.array(users, np.int32),
        np.array(products, np.int32),
        np.array(times, np.int64),
        4,
        np.ones(size, bool),
        np.zeros(size, np.int32),
    )


def test_the_matrix_holds_the_log_of_decayed_counts():
    # User 1 buys product 2 now and one half-life ago: 1 + 1/2; user 0 buys product 0 two half-lives ago: 1/4.
    found = events([0, 1, 1], [0, 2, 2], [80 * DAY, 90 * DAY, 100 * DAY])
    matrix = user_product_matrix(found, np.ones(3), 100 * DAY, 10.0).toarray()
    expected = np.zeros((2, 4))
    expected[0, 0], expected[1, 2] = np.log(1 + 4 * 0.25), np.log(1 + 4 * 1.5)
    np.testing.assert_allclose(matrix, expected, rtol=1e-6)


def test_an_event_counts_by_its_strength():
    found = events([0, 1, 1], [0, 2, 2], [100 * DAY] * 3)
    matrix = user_product_matrix(found, np.array([0.5, 0.25, 1.0]), 100 * DAY, 10.0).toarray()
    assert matrix[0, 0] == pytest.approx(np.log(1 + 4 * 0.5))
    assert matrix[1, 2] == pytest.approx(np.log(1 + 4 * 1.25))


def test_shares_end_at_one():
    found = events([0, 0, 1, 1], [0, 0, 2, 2], [1, 2, 3, 4])
    shares = user_product_shares(found, np.array([0.25, 0.5, 1.0, 1.0])).toarray()
    assert shares.tolist() == [[0.75, 0, 0, 0], [0, 0, 1.0, 0]]


def test_the_matrix_of_no_events():
    empty = events([], [], [])
    assert user_product_matrix(empty, np.zeros(0), 0, 1.0).shape == (1, 4)


def test_the_largest_of_each_row_are_kept():
    matrix = sparse.csr_matrix([[3.0, 1.0, 2.0], [0.0, 0.0, 5.0]])
    assert largest_of_rows(matrix, 2).toarray().tolist() == [[3.0, 0.0, 2.0], [0.0, 0.0, 5.0]]
