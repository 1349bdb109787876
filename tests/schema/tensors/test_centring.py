"""Means over the products of a list."""

import numpy as np

from schema.tensors.centring import mean_of_list


def test_the_mean_of_a_query_is_the_same_alone_and_in_a_batch():
    values = np.random.default_rng(3).normal(9.5, 0.4, size=(16, 2000, 31)).astype(np.float32)
    whole = mean_of_list(values).numpy()
    assert whole.shape == (16, 1, 31) and whole.dtype == np.float32
    for number in range(16):
        assert np.array_equal(mean_of_list(values[number : number + 1]).numpy(), whole[number : number + 1])


def test_it_is_exact():
    """Five products of two columns, by hand: 16,777,220 / 5 and 15 / 5; float32 loses a 1 beside 2 ** 24."""
    values = np.array([[[2**24, 1], [1, 2], [1, 3], [1, 4], [1, 5]]], np.float32)
    assert mean_of_list(values).numpy().tolist() == [[[3_355_444.0, 3.0]]]
