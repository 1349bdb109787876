from __future__ import annotations

import numpy as np
import pytest

from benchmarks.training.plain import HISTORY, TARGET, USER, PlainTwoTowers

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

PRODUCTS = np.array([b"p0", b"p1", b"p2"])


@pytest.fixture
def model() -> PlainTwoTowers:
    tf.keras.utils.set_random_seed(1)
    return PlainTwoTowers(np.array([b"u0", b"u1"]), PRODUCTS, dim=4, hidden_dim=8)


def batch(histories):
    return {
        USER: tf.constant(["u0", "u1"]),
        HISTORY: tf.constant(histories),
        TARGET: tf.constant(["p1", "p2"]),
    }


def test_padding_does_not_count_in_the_mean(model):
    narrow = model.compute_loss(batch([["p0", "p1"], ["p2", "p2"]]))
    padded = model.compute_loss(batch([["p0", "p1", ""], ["p2", "p2", ""]]))
    np.testing.assert_allclose(narrow, padded, rtol=1e-5)
    other = model.compute_loss(batch([["p0", "p2"], ["p2", "p2"]]))
    assert abs(float(other - narrow)) > 1e-6


def test_it_learns(model):
    model.compile(optimizer=tf.keras.optimizers.Adam(0.05))
    rows = batch([["p0", "p1"], ["p2", ""]])
    before = float(model.compute_loss(rows))
    model.fit(tf.data.Dataset.from_tensors(rows).repeat(20), verbose=0)
    assert float(model.compute_loss(rows)) < before / 2
