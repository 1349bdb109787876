"""The blocked search gives what sorting everything gives."""

import numpy as np
import pytest

from components.evaluation.exact_search import largest, nearest

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


@pytest.mark.parametrize("num_columns", [1, 5, 31, 32, 33, 200, 1000])
@pytest.mark.parametrize("count", [1, 7, 100])
def test_the_largest_are_those_of_a_full_sort_and_of_equals_the_first(num_columns, count):
    """Scores take few values, so that nearly every place is decided by a tie."""
    random = np.random.default_rng(num_columns)
    scores = random.integers(0, 6, (13, num_columns)).astype(np.float32)
    scores[random.random(scores.shape) < 0.1] = -np.inf
    wanted = min(count, num_columns)
    values, columns = largest(tf.constant(scores), wanted)
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :wanted]
    np.testing.assert_array_equal(columns, expected)
    np.testing.assert_array_equal(values, np.take_along_axis(scores, expected, axis=1))


@pytest.mark.parametrize(("num_queries", "num_products"), [(300, 500), (3, 20), (0, 20)])
def test_the_nearest_of_more_queries_than_one_block(num_queries, num_products):
    random = np.random.default_rng(1)
    queries = random.integers(-4, 5, (num_queries, 3)).astype(np.float32)
    products = random.integers(-4, 5, (num_products, 3)).astype(np.float32)
    expected = np.argsort(-(queries @ products.T), axis=1, kind="stable")[:, :50]
    np.testing.assert_array_equal(nearest(queries, products, 50), expected)
