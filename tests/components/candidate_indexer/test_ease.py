"""EASE against the closed form of its paper, and against the least squares that it solves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from components.candidate_indexer.snapshots import ease_weights


def random_matrix(seed, users=60, products=12):
    rng = np.random.default_rng(seed)
    return rng.random((users, products)) * (rng.random((users, products)) < 0.3)


def dense(indices, scores):
    weights = np.zeros((len(indices), len(indices)))
    for row, (others, values) in enumerate(zip(indices, scores, strict=True)):
        weights[row, others[others >= 0]] = values[others >= 0]
    return weights


@pytest.mark.parametrize("seed", range(3))
def test_each_column_is_the_ridge_regression_on_the_other_products(seed):
    matrix = random_matrix(seed)
    weights = dense(*ease_weights(sparse.csr_matrix(matrix), 12, 12))
    bought, ridge = matrix, len(matrix) / 2
    for product in range(12):
        others = np.delete(np.arange(12), product)
        left = bought[:, others]
        expected = np.linalg.solve(left.T @ left + ridge * np.eye(11), left.T @ bought[:, product])
        np.testing.assert_allclose(weights[others, product], expected, atol=1e-5)
        assert weights[product, product] == 0


def test_the_largest_weights_are_kept_whatever_their_sign():
    matrix = sparse.csr_matrix(random_matrix(0))
    full, (indices, scores) = dense(*ease_weights(matrix, 12, 12)), ease_weights(matrix, 12, 3)
    assert indices.shape == scores.shape == (12, 3)
    for row in range(12):
        best = np.argsort(-np.abs(full[row]))[:3]
        assert indices[row].tolist() == best.tolist()
        np.testing.assert_allclose(scores[row], full[row, best], rtol=1e-4)


def test_only_the_most_bought_products_take_part():
    matrix = np.zeros((10, 5))
    matrix[:8, 1], matrix[:7, 3], matrix[:4, 0], matrix[:1, 2] = 1, 1, 1, 1
    indices, _ = ease_weights(sparse.csr_matrix(matrix), 2, 4)
    assert indices[1].tolist() == [3, -1, -1, -1]
    assert indices[3].tolist() == [1, -1, -1, -1]
    assert (indices[[0, 2, 4]] == -1).all()


def test_products_of_one_buyer_take_no_part():
    indices, scores = ease_weights(sparse.csr_matrix(np.eye(4)), 4, 2)
    assert (indices == -1).all()
    assert (scores == 0).all()


def test_no_product_may_take_part():
    indices, _ = ease_weights(sparse.csr_matrix(random_matrix(0)), 0, 2)
    assert (indices == -1).all()
