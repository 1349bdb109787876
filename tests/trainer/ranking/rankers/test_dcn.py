"""The cross network by hand."""

from __future__ import annotations

import numpy as np

from trainer.ranking.rankers.dcn import CrossNetwork

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


def test_a_cross_layer_by_hand():
    network = CrossNetwork(1, seed=1)
    network(tf.zeros([1, 2]))
    network.dense[0].set_weights([np.array([[1.0, 0.0], [2.0, 3.0]]), np.array([0.5, -1.0])])
    # x = (2, 1): W x + b = (2 + 2 + 0.5, 3 - 1) = (4.5, 2); x * that + x = (9 + 2, 2 + 1).
    assert network(tf.constant([[2.0, 1.0]])).numpy().tolist() == [[11.0, 3.0]]


def test_the_second_cross_layer_multiplies_with_the_input_again():
    network = CrossNetwork(2, seed=1)
    network(tf.zeros([1, 1]))
    for layer in network.dense:
        layer.set_weights([np.array([[1.0]]), np.array([1.0])])
    # x = 2: 2 * (2 + 1) + 2 = 8; then 2 * (8 + 1) + 8 = 26.
    assert network(tf.constant([[2.0]])).numpy().tolist() == [[26.0]]


def test_no_cross_layer_changes_nothing():
    assert CrossNetwork(0, seed=1)(tf.constant([[2.0, 1.0]])).numpy().tolist() == [[2.0, 1.0]]
