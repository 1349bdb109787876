"""Lazy Adam is Adam where there is a gradient, and nothing where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.retrieval.lazy_adam import LazyAdam

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

RATE = 0.1


def rows_after(steps):
    """Each step: rows -> gradient of every entry of the row; a table of four rows of ones."""
    table = tf.Variable(tf.ones([4, 2]))
    optimizer = LazyAdam(RATE)
    for step in steps:
        rows = tf.constant(list(step), tf.int64)
        values = tf.constant([[gradient] * 2 for gradient in step.values()])
        optimizer.apply_gradients([(tf.IndexedSlices(values, rows, tf.constant([4, 2])), table)])
    return table.numpy()[:, 0]


def adam(gradients):
    """Algorithm 1 of Kingma and Ba on one number that starts at 1; None is a step without a gradient."""
    value, first, second = 1.0, 0.0, 0.0
    for step, gradient in enumerate(gradients, start=1):
        if gradient is None:
            continue
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        value -= RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-7)
    return value


def test_rows_without_a_gradient_stay():
    assert rows_after([{1: 2.0}, {1: -1.0}])[[0, 2, 3]].tolist() == [1.0, 1.0, 1.0]


def test_a_row_with_a_gradient_at_each_step_is_what_adam_makes_of_it():
    gradients = [2.0, -1.0, 0.5, 3.0]
    assert rows_after([{1: gradient} for gradient in gradients])[1] == pytest.approx(
        adam(gradients), rel=1e-4
    )


def test_a_row_that_was_left_out_goes_on_with_its_moments():
    result = rows_after([{0: 1.0, 2: 2.0}, {0: 1.0}, {0: 1.0, 2: -0.5}])
    assert result[2] == pytest.approx(adam([2.0, None, -0.5]), rel=1e-4)


def test_repeated_rows_count_together():
    table = tf.Variable(tf.ones([4, 2]))
    twice = tf.IndexedSlices(
        tf.constant([[1.0, 1.0], [2.0, 2.0]]), tf.constant([3, 3], tf.int64), tf.constant([4, 2])
    )
    LazyAdam(RATE).apply_gradients([(twice, table)])
    assert table.numpy()[3, 0] == pytest.approx(adam([3.0]), rel=1e-5)


def test_dense_gradients_are_as_in_adam():
    lazy, plain = tf.Variable([1.0, 2.0]), tf.Variable([1.0, 2.0])
    for variable, optimizer in ((lazy, LazyAdam(RATE)), (plain, tf.keras.optimizers.Adam(RATE))):
        for gradient in ([1.0, -2.0], [0.5, 0.5]):
            optimizer.apply_gradients([(tf.constant(gradient), variable)])
    np.testing.assert_allclose(lazy.numpy(), plain.numpy(), rtol=1e-6)
