"""The mean of a history, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.retrieval.encoders.mean import MeanHistoryEncoder

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

VECTORS = [[[1.0, 0.0], [0.0, 1.0], [9.0, 9.0]]]


def encode(mask, age, types=(0, 0, 0), half_lives=(10.0,), weights=None):
    encoder = MeanHistoryEncoder(half_lives, 2)
    if weights is not None:
        encoder.set_weights([np.array(weights, np.float32)])
    outputs = encoder(
        tf.constant(VECTORS), mask=tf.constant([mask]), age=tf.constant([age]), types=tf.constant([types])
    )
    return outputs.numpy()[0].tolist()


def test_padding_does_not_count():
    assert encode([True, True, False], [0.0, 0.0, 0.0]) == pytest.approx([0.5, 0.5, 0.5, 0.5])


def test_an_event_one_half_life_older_weighs_half():
    # Weights 1/2 and 1 in the second mean: (1/2, 1) / 1.5.
    assert encode([True, True, False], [10.0, 0.0, 0.0]) == pytest.approx([0.5, 0.5, 1 / 3, 2 / 3])


def test_one_mean_for_each_half_life():
    # Ages 20 and 0: weights 1/4 and 1 at 10 days, 1/2 and 1 at 20 days.
    means = encode([True, True, False], [20.0, 0.0, 0.0], half_lives=(10.0, 20.0))
    assert means == pytest.approx([0.5, 0.5, 0.2, 0.8, 1 / 3, 2 / 3])


def test_types_weigh_by_what_was_learned():
    # Unknown, first and second type weigh 1, 2 and 6.
    learned = np.log([1.0, 2.0, 6.0])
    means = encode([True, True, False], [0.0, 0.0, 0.0], types=(0, 1, 0), weights=learned)
    assert means == pytest.approx([0.25, 0.75, 0.25, 0.75], rel=1e-5)
    means = encode([True, True, False], [0.0, 0.0, 0.0], types=(-1, 0, 0), weights=learned)
    assert means == pytest.approx([1 / 3, 2 / 3, 1 / 3, 2 / 3], rel=1e-5)


def test_types_weigh_alike_before_training():
    assert encode([True, True, False], [0.0, 0.0, 0.0], types=(1, -1, 0)) == pytest.approx([0.5] * 4)


def test_an_empty_history_is_zeros():
    assert encode([False, False, False], [0.0, 0.0, 0.0]) == [0.0] * 4


def test_a_very_old_event_still_gives_a_number():
    assert encode([True, False, False], [1e6, 0.0, 0.0])[:2] == [1.0, 0.0]
    assert np.isfinite(encode([True, False, False], [1e6, 0.0, 0.0])).all()


def test_the_weights_of_types_are_trained():
    encoder = MeanHistoryEncoder((10.0,), 2)
    with tf.GradientTape() as tape:
        outputs = encoder(
            tf.constant(VECTORS),
            mask=tf.constant([[True, True, False]]),
            age=tf.zeros([1, 3]),
            types=tf.constant([[0, 1, 0]]),
        )
        loss = tf.reduce_sum(outputs[:, 0])
    gradient = tf.convert_to_tensor(tape.gradient(loss, encoder.trainable_variables)[0]).numpy()
    # The first coordinate is w0 / (w0 + w1) at w0 = w1 = 1: the logarithm of w0 raises it by 1/4 .
    assert gradient.tolist() == pytest.approx([0.0, 0.25, -0.25])
