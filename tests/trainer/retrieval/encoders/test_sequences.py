"""What the encoders of sequences have in common: order, time, padding and empty histories."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.retrieval.encoders.gru import GruHistoryEncoder
from trainer.retrieval.encoders.transformer import TransformerHistoryEncoder

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

DIM = 8
VECTORS = np.random.default_rng(0).normal(size=(1, 4, DIM)).astype(np.float32)
AGES = [[9.0, 5.0, 2.0, 1.0]]


@pytest.fixture(params=["gru", "transformer"])
def encoder(request):
    tf.keras.utils.set_random_seed(1)
    if request.param == "gru":
        return GruHistoryEncoder(DIM, 2, seed=1)
    return TransformerHistoryEncoder(DIM, 2, dropout=0.5, seed=1)


def encode(encoder, vectors=VECTORS, mask=(True,) * 4, ages=AGES, types=(0,) * 4):
    outputs = encoder(
        tf.constant(vectors), mask=tf.constant([mask]), age=tf.constant(ages), types=tf.constant([types])
    )
    return outputs.numpy()[0]


def test_a_vector_for_each_history(encoder):
    assert encode(encoder).shape == (DIM,)


def test_order_matters(encoder):
    assert not np.allclose(encode(encoder), encode(encoder, VECTORS[:, [1, 0, 2, 3]]), atol=1e-4)


def test_time_matters(encoder):
    assert not np.allclose(encode(encoder), encode(encoder, ages=[[900.0, 500.0, 200.0, 100.0]]), atol=1e-4)


def test_the_type_of_an_event_matters(encoder):
    assert not np.allclose(encode(encoder), encode(encoder, types=(0, 0, 0, 1)), atol=1e-4)


def test_padding_changes_nothing(encoder):
    short = encode(encoder, VECTORS[:, :2], (True, True), [AGES[0][:2]], (0, 0))
    padded = encode(encoder, mask=(True, True, False, False))
    np.testing.assert_allclose(short, padded, atol=1e-5)


def test_an_unknown_product_within_changes_nothing_but_is_passed_over(encoder):
    """Its vector is not read: whatever stands there, the result is the same."""
    other = VECTORS.copy()
    other[0, 1] = 100.0
    mask = (True, False, True, True)
    np.testing.assert_allclose(encode(encoder, mask=mask), encode(encoder, other, mask), atol=1e-5)


def test_an_empty_history_is_zeros(encoder):
    assert encode(encoder, mask=(False,) * 4).tolist() == [0.0] * DIM


def test_nothing_is_dropped_in_serving(encoder):
    np.testing.assert_array_equal(encode(encoder), encode(encoder))


def test_later_events_do_not_change_what_attention_made_of_earlier_ones():
    """Causality: the state of the second event is that of a history that ends there."""
    encoder = TransformerHistoryEncoder(DIM, 2, dropout=0.0, seed=1)
    ended = encode(encoder, mask=(True, True, False, False))
    changed = VECTORS.copy()
    changed[0, 2:] += 5.0
    np.testing.assert_allclose(ended, encode(encoder, changed, (True, True, False, False)), atol=1e-5)
