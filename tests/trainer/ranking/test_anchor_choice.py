"""The baseline that is best over all windows is found, with its settings."""

from __future__ import annotations

import numpy as np
import pytest

from schema.candidate_features import CANDIDATE_FEATURES, SHARES
from trainer.ranking.affinity import AffinityFeatures, AffinityInputs
from trainer.ranking.anchor_choice import choose_anchor

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

NUM_PRODUCTS, WIDTH, SIZE = 60, 40, 30


def lists(relevant, **columns):
    """Queries whose two targets are the candidates 0 and 1, which some features tell."""
    random = np.random.default_rng(1)
    table = random.normal(size=(SIZE, WIDTH, len(CANDIDATE_FEATURES))).astype(np.float32)
    for name, values in columns.items():
        table[..., CANDIDATE_FEATURES.index(name)] = values
    label = np.zeros((SIZE, WIDTH), np.float32)
    label[:, :2] = 1
    return tf.data.Dataset.from_tensors(
        {
            "history_index": tf.constant(relevant["history"], tf.int64),
            "history_age": tf.constant(relevant["age"], tf.float32),
            "history_type": tf.zeros([SIZE, np.shape(relevant["history"])[1]], tf.int64),
            "candidate_index": tf.constant(np.tile(np.arange(WIDTH), (SIZE, 1)), tf.int64),
            "candidate_features": tf.constant(table),
            "label": tf.constant(label),
            "num_targets": tf.fill([SIZE], tf.constant(2, tf.int64)),
        }
    )


@pytest.fixture(scope="module")
def affinity():
    return AffinityFeatures(AffinityInputs(NUM_PRODUCTS, {}, {}, (True,), window_days=8.0))


NOBODY = {"history": np.full((SIZE, 1), -1), "age": np.zeros((SIZE, 1))}
FIRST = np.where(np.arange(WIDTH) < 2, 9.0, 0.0)


def test_popularity_over_the_horizon_that_tells(affinity):
    found = choose_anchor(affinity, lists(NOBODY, share_half=FIRST))
    assert (found.anchor.name, SHARES[found.anchor.horizon]) == ("popularity", "share_half")
    assert found.ndcg["popularity"] == pytest.approx(1.0)
    assert found.num_queries == SIZE


def test_a_source_that_tells(affinity):
    assert choose_anchor(affinity, lists(NOBODY, transitions_share=FIRST)).anchor.name == "transitions"


def test_similar_users_and_the_own_purchases_together(affinity):
    # Either alone finds one of the two targets: 0 is bought lately, 1 is what similar users buy.
    history = [*np.repeat(np.arange(10, 22), 3), 0]
    own = {"history": np.tile(history, (SIZE, 1)), "age": np.tile([20.0] * 36 + [0.5], (SIZE, 1))}
    theirs = np.where(np.arange(WIDTH) == 1, np.log1p(1e5 * 0.9), 0.0)
    found = choose_anchor(affinity, lists(own, similar_users=theirs))
    assert (found.anchor.name, found.anchor.half_life) == ("user_knn_own", 1)
    assert found.ndcg["user_knn_own"] == pytest.approx(1.0)
    assert found.ndcg["own_frequency"] < 0.9


def test_the_half_life_of_the_own_purchases(affinity):
    # Bought thrice long ago are twelve others, 0 and 1 once just now: only a short half-life puts them first.
    history = [*np.repeat(np.arange(10, 22), 3), 0, 1]
    own = {"history": np.tile(history, (SIZE, 1)), "age": np.tile([20.0] * 36 + [0.5] * 2, (SIZE, 1))}
    found = choose_anchor(affinity, lists(own, similar_users=0.0))
    assert (found.anchor.name, found.anchor.half_life) == ("own_frequency", 1)


def test_without_lists_there_is_the_default(affinity):
    empty = lists(NOBODY).take(0)
    assert choose_anchor(affinity, empty).num_queries == 0
