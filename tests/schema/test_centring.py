"""Means over the products of a list."""

import numpy as np

from schema.centring import mean_of_list


def test_the_mean_of_a_query_is_the_same_alone_and_in_a_batch():
    values = np.random.default_rng(3).normal(9.5, 0.4, size=(16, 2000, 31)).astype(np.float32)
    whole = mean_of_list(values).numpy()
    assert whole.shape == (16, 1, 31) and whole.dtype == np.float32
    for number in range(16):
        assert np.array_equal(mean_of_list(values[number : number + 1]).numpy(), whole[number : number + 1])


def test_it_is_exact():
    """Three products of two columns, by hand; in float32 the first column would sum to 3e8 + 2."""
    values = np.array([[[1e8, 1.0], [1e8 + 8, 2.0], [1e8 - 8, 6.0]]], np.float32)
    assert mean_of_list(values).numpy().tolist() == [[[1e8, 3.0]]]
