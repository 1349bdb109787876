"""Which candidates a step has, and how often each was to be expected among them."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.retrieval.negatives import Negatives
from trainer.settings import RetrievalSettings

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

SHARES = np.array([0.5, 0.25, 0.25, 0.0, 0.0, 0.0], np.float32)
DRAWN = tf.constant([0, 0, 2, 1], tf.int64)
QUERIES = tf.constant([[1.0, 0.0], [0.0, 1.0]])


def draw(**settings):
    negatives = Negatives(SHARES, RetrievalSettings(embedding_dim=2, **settings))
    # Product 3 lies where the first query is, product 4 where the second is, the others behind both.
    catalog = [[-1.0, -1.0]] * 3 + [[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]
    negatives.refresh(lambda: tf.constant(catalog))
    products, expected = negatives.draw(DRAWN, QUERIES)
    return products.numpy().tolist(), expected.numpy().tolist()


def test_the_whole_catalogue_is_certain():
    assert draw(loss="full_softmax") == ([0, 1, 2, 3, 4, 5], [1.0] * 6)


def test_in_batch_candidates_are_the_drawn_targets():
    # Four draws: a product of probability p is expected 4 p times.
    assert draw(loss="in_batch") == ([0, 0, 2, 1], [2.0, 2.0, 1.0, 1.0])


def test_uniform_negatives_are_expected_everywhere():
    products, expected = draw(num_uniform_negatives=3000)
    assert products[:4] == [0, 0, 2, 1]
    assert expected[:4] == [502.0, 502.0, 501.0, 501.0]
    np.testing.assert_allclose(np.bincount(products[4:]) / 3000, np.full(6, 1 / 6), atol=0.035)


def test_hard_negatives_are_the_best_scored_ones():
    products, expected = draw(loss="in_batch", num_hard_negatives=1)
    assert sorted(products[4:]) == [3, 4]
    assert expected[4:] == [1.0, 1.0]


def test_hard_negatives_are_not_repeated():
    # Each query's two best: 3 and 4 with some of the rest; what is among the drawn ones already is left out.
    products, _ = draw(loss="in_batch", num_hard_negatives=6)
    assert sorted(products[4:]) == [3, 4, 5]


@pytest.mark.parametrize("loss", ["full_softmax", "in_batch"])
def test_uniform_negatives_belong_to_the_sampled_softmax_alone(loss):
    assert len(draw(loss=loss, num_uniform_negatives=50)[0]) == len(draw(loss=loss)[0])
