"""Lists of candidates: streamed, shuffled, and thinned without losing a positive."""

from __future__ import annotations

import numpy as np
import pytest

from schema.features import FeatureSet
from schema.served.candidate_features import CANDIDATE_FEATURES
from trainer.ranking.data import ranking_batches, sample_candidates

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

NUM_CANDIDATES = 4


def record(number):
    ints = {
        "user_index": [number],
        "query_time": [0],
        "num_targets": [1],
        "history_index": [number],
        "history_type": [0],
        "candidate_index": [10 * number + place for place in range(NUM_CANDIDATES)],
    }
    floats = {
        "history_age": [1.0],
        "label": [0.0, 1.0, 0.0, 0.0],
        "query_embedding": [1.0, 0.0],
        "candidate_features": [float(number)] * (NUM_CANDIDATES * len(CANDIDATE_FEATURES)),
    }
    message = tf.train.Example()
    for name, values in ints.items():
        message.features.feature[name].int64_list.value.extend(values)
    for name, values in floats.items():
        message.features.feature[name].float_list.value.extend(values)
    return message.SerializeToString()


@pytest.fixture
def patterns(tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "data.gz"), "GZIP") as writer:
        for number in range(25):
            writer.write(record(number))
    return [str(tmp_path / "*.gz")]


def users(batches):
    return np.concatenate([batch["user_index"].numpy() for batch in batches]).tolist()


def test_rows_stay_in_order_without_a_seed(patterns):
    batches = list(ranking_batches(patterns, FeatureSet(), 10))
    assert [len(batch["user_index"]) for batch in batches] == [10, 10, 5]
    assert users(batches) == list(range(25))


def test_every_fourth_row_is_taken(patterns):
    assert users(ranking_batches(patterns, FeatureSet(), 10, every=4)) == list(range(0, 25, 4))


def lists(labels):
    labels = np.asarray(labels, np.float32)
    index = np.arange(labels.size).reshape(labels.shape)
    return {
        "label": tf.constant(labels),
        "candidate_index": tf.constant(index),
        "candidate_features": tf.constant(index[..., None] * np.array([1.0, -1.0])),
        "user_index": tf.range(len(labels)),
    }


def test_all_positives_are_kept():
    labels = (np.random.default_rng(0).random((8, 50)) < 0.1).astype(np.float32)
    labels[:, -1] = 0.3  # a small gain is a positive too
    sampled = sample_candidates(lists(labels), 20)
    assert sampled["label"].shape == (8, 20)
    np.testing.assert_allclose(sampled["label"].numpy().sum(axis=1), labels.sum(axis=1), rtol=1e-6)


def test_candidates_are_distinct_and_keep_their_own_features():
    sampled = sample_candidates(lists(np.eye(6)), 4)
    index = sampled["candidate_index"].numpy()
    assert all(len(set(row)) == 4 for row in index)
    np.testing.assert_array_equal(sampled["candidate_features"], index[..., None] * np.array([1.0, -1.0]))
    np.testing.assert_array_equal(sampled["label"], index % 6 == index // 6)


def test_other_seeds_draw_other_negatives():
    batch = lists(np.zeros((20, 10)))
    one, same, other = (
        sample_candidates(batch, 3, seed)["candidate_index"].numpy() for seed in ((1, 2), (1, 2), (1, 3))
    )
    assert one.tolist() == same.tolist() != other.tolist()


def test_negatives_are_drawn_at_random():
    batch = lists(np.zeros((2000, 10)))
    drawn = sample_candidates(batch, 3)["candidate_index"].numpy() % 10
    np.testing.assert_allclose(np.bincount(drawn.reshape(-1)) / 2000, 0.3, atol=0.05)


def test_short_lists_are_whole():
    assert sample_candidates(lists(np.eye(3)), 200)["label"].shape == (3, 3)


def test_what_belongs_to_the_query_is_kept():
    assert sample_candidates(lists(np.eye(3)), 2)["user_index"].numpy().tolist() == [0, 1, 2]
