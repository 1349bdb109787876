"""Lists of classical baselines among the candidates, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from schema.served.candidate_features import CANDIDATE_FEATURES, SHARES
from trainer.ranking.classics import CLASSICS, Anchor, log_ranks, ranks

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


def test_scores_that_differ_by_rounding_alone_are_alike():
    """The same sum in another order: popularity decides, whichever is larger in the last digit."""
    popularity = tf.constant([[1.0, 2.0, 3.0]])
    for difference in (-3e-7, 0.0, 3e-7):
        scores = tf.constant([[[0.7, 0.7 + difference, 0.9]]])
        assert ranks(scores, popularity).numpy().tolist() == [[[2, 1, 0]]]
    # A hundredth is no rounding; nor is what lies far below one.
    assert ranks(tf.constant([[[0.707, 0.7, 0.0]]]), popularity).numpy().tolist() == [[[0, 1, 2]]]
    assert ranks(tf.constant([[[3e-9, 2e-9, 0.0]]]), popularity).numpy().tolist() == [[[0, 1, 2]]]


def test_ranks_go_by_score_then_by_popularity():
    scores = tf.constant([[[0.0, 2.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]]])
    popularity = tf.constant([[1.0, 0.0, 3.0, 2.0]])
    assert ranks(scores, popularity).numpy().tolist() == [[[3, 0, 2, 1], [2, 3, 0, 1]]]


def features(**columns):
    """Features of three candidates, 0 where nothing is said."""
    table = np.zeros((1, 3, len(CANDIDATE_FEATURES)), np.float32)
    for name, values in columns.items():
        table[0, :, CANDIDATE_FEATURES.index(name)] = values
    return {"candidate_features": tf.constant(table)}


PAIRS = {
    "own_counts": tf.constant([[[3.0, 0.1], [2.0, 0.9], [0.0, 0.0]]]),
    "last_seen": tf.constant([[0.0, 0.1, 0.5]]),
}


@pytest.mark.parametrize(
    ("name", "half_life", "expected"),
    [
        ("popularity", 0, [2, 1, 0]),
        ("own_frequency", 0, [0, 1, 2]),
        ("own_frequency", 1, [1, 0, 2]),
        ("last_seen", 0, [2, 1, 0]),
        ("item_knn", 0, [0, 2, 1]),  # then by popularity
        ("ease", 0, [2, 1, 0]),  # what EASE speaks against counts as nothing
        ("transitions", 0, [2, 0, 1]),
        ("user_knn", 0, [2, 1, 0]),
        ("user_knn_own", 0, [1, 0, 2]),  # .83 and 0, .55 and .3, 0 and .6
        ("user_knn_own", 1, [2, 0, 1]),  # .11 and 0, .99 and .3, 0 and .6
    ],
)
def test_each_baseline_has_its_order(name, half_life, expected):
    inputs = features(
        share_two=[-3.0, -2.0, -1.0],
        share_four=[-1.0, -2.0, -3.0],
        neighbours_share=[0.4, 0.0, 0.0],
        ease_share=[-0.5, -0.9, 0.0],
        transitions_share=[0.0, 0.2, 0.1],
        similar_users=np.log1p(1e5 * np.array([0.0, 0.3, 0.6])),
    )
    anchor = Anchor(name, SHARES.index("share_two"), half_life)
    found = log_ranks(inputs, PAIRS, anchor)[0, :, CLASSICS.index(name)]
    np.testing.assert_allclose(found, -np.log(np.array(expected) + 2.0), rtol=1e-6)
