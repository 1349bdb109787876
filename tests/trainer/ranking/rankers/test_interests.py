"""Interests by hand."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.ranking.rankers.interests import InterestEmbeddings, newest_events

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


def test_a_taste_is_the_faded_mean_of_the_history():
    layer = InterestEmbeddings({"colour": np.array([0, 1, 2])}, dim=2, seed=1)
    inputs = {
        "history_index": tf.constant([[0, 1, -1]], tf.int64),
        "history_age": tf.constant([[120.0, 60.0, 0.0]]),
        "candidate_index": tf.constant([[2]]),
    }
    layer(inputs)
    layer.tables["colour"].set_weights([np.array([[1.0, 0.0], [0.0, 1.0], [7.0, 8.0]])])
    interests, candidates = layer(inputs)
    # Weights 1/4 and 1/2 after two half-lives and one; the padding has none.
    np.testing.assert_allclose(interests[0, 0], [1 / 3, 2 / 3], rtol=1e-6)
    assert candidates.numpy().tolist() == [[[[7.0, 8.0]]]]


def test_no_history_has_no_taste():
    layer = InterestEmbeddings({"colour": np.array([0, 1])}, dim=2, seed=1)
    empty = {"history_index": tf.constant([[-1]], tf.int64), "history_age": tf.zeros([1, 1])}
    interests, _ = layer(empty | {"candidate_index": tf.constant([[1]])})
    assert interests.numpy().tolist() == [[[0.0, 0.0]]]


@pytest.mark.parametrize(("count", "expected"), [(2, [[5, 3]]), (9, [[5, 3, 4, -1]])])
def test_the_newest_known_events_are_kept(count, expected):
    index, age = tf.constant([[4, 3, 5, -1]]), tf.constant([[9.0, 2.0, 1.0, 0.0]])
    assert newest_events(index, age, count)[0].numpy().tolist() == expected
