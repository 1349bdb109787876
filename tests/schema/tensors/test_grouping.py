"""Grouped totals, by hand and against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from schema.tensors.grouping import NEVER_DAYS, group_totals, joint_keys

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


NUM_KEYS = 14


def totals(history, candidates, mask, weights, age):
    """By one grouping alone."""
    found = group_totals(
        tf.constant(history, tf.int64)[..., tf.newaxis],
        tf.constant(candidates, tf.int64)[..., tf.newaxis],
        tf.constant(mask)[..., tf.newaxis],
        tf.constant(weights, tf.float32),
        tf.constant(age, tf.float32),
        NUM_KEYS,
    ).of(0)
    return found.counts.numpy(), found.newest.numpy(), found.oldest.numpy()


def ones(history):
    return np.ones([*np.shape(history), 1])


def test_events_of_a_candidate_are_summed():
    history = [[3, 5, 3]]
    weights = [[[1.0, 10.0], [1.0, 20.0], [1.0, 30.0]]]
    counts, newest, oldest = totals(history, [[3, 5, 4]], [[True] * 3], weights, [[9.0, 4.0, 2.0]])
    assert counts.tolist() == [[[2.0, 40.0], [1.0, 20.0], [0.0, 0.0]]]
    assert newest.tolist() == [[2.0, 4.0, NEVER_DAYS]]
    assert oldest.tolist() == [[9.0, 4.0, 0.0]]


def test_masked_events_do_not_count():
    counts, newest, oldest = totals([[3, 3]], [[3]], [[True, False]], ones([[3, 3]]), [[9.0, 2.0]])
    assert (counts.tolist(), newest.tolist(), oldest.tolist()) == ([[[1.0]]], [[9.0]], [[9.0]])


def test_rows_do_not_mix():
    counts, *_ = totals(
        [[0, 1], [1, 1]], [[0, 1], [0, 1]], [[True] * 2] * 2, ones([[0, 1], [1, 1]]), [[1.0] * 2] * 2
    )
    assert counts[..., 0].tolist() == [[1.0, 1.0], [0.0, 2.0]]


def test_a_candidate_may_be_asked_for_twice():
    counts, *_ = totals([[2]], [[2, 2]], [[True]], ones([[2]]), [[1.0]])
    assert counts[..., 0].tolist() == [[1.0, 1.0]]


def test_no_event_at_all():
    counts, newest, oldest = totals([[0, 0]], [[0, 7]], [[False] * 2], ones([[0, 0]]), [[0.0] * 2])
    assert counts[..., 0].tolist() == [[0.0, 0.0]]
    assert newest.tolist() == [[NEVER_DAYS, NEVER_DAYS]]
    assert oldest.tolist() == [[0.0, 0.0]]


def test_a_history_of_no_width():
    counts, newest, _ = totals(
        np.zeros([2, 0]), [[1], [2]], np.zeros([2, 0], bool), np.zeros([2, 0, 3]), np.zeros([2, 0])
    )
    assert counts.tolist() == [[[0.0] * 3]] * 2
    assert newest.tolist() == [[NEVER_DAYS]] * 2


def test_an_event_longer_ago_than_never_is_capped():
    _, newest, _ = totals([[1]], [[1]], [[True]], ones([[1]]), [[2 * NEVER_DAYS]])
    assert newest.tolist() == [[NEVER_DAYS]]


def test_groupings_share_no_key():
    keys, num_keys = joint_keys([np.array([0, 1, 2]), np.array([1, 1, 0]), np.array([0, 0, 0])])
    assert keys.tolist() == [[0, 4, 5], [1, 4, 5], [2, 3, 5]]
    assert num_keys == 6


@pytest.mark.parametrize("seed", range(4))
def test_random_histories_agree_with_brute_force(seed):
    rng = np.random.default_rng(seed)
    batch, time, width = rng.integers(1, 9), rng.integers(1, 40), rng.integers(1, 30)
    history, candidates = rng.integers(0, 12, (batch, time)), rng.integers(0, 14, (batch, width))
    mask = rng.random((batch, time)) < rng.choice([0.1, 0.5, 1.0])
    weights, age = rng.random((batch, time, 3)), 300 * rng.random((batch, time))
    counts, newest, oldest = totals(history, candidates, mask, weights, age)
    for row in range(batch):
        for column, product in enumerate(candidates[row]):
            own = mask[row] & (history[row] == product)
            np.testing.assert_allclose(
                counts[row, column], weights[row][own].sum(axis=0), rtol=1e-5, atol=1e-6
            )
            assert newest[row, column] == pytest.approx(age[row][own].min() if own.any() else NEVER_DAYS)
            assert oldest[row, column] == pytest.approx(age[row][own].max() if own.any() else 0.0)


@pytest.mark.parametrize("masked_alike", [True, False])
def test_several_groupings_are_those_of_each_alone(masked_alike):
    rng = np.random.default_rng(7)
    history, candidates = rng.integers(0, 9, (5, 20, 3)), rng.integers(0, 11, (5, 8, 3))
    mask = rng.random((5, 20, 1 if masked_alike else 3)) < 0.6
    weights, age = rng.random((5, 20, 2)).astype(np.float32), rng.random((5, 20)).astype(np.float32)
    own = np.arange(3) * NUM_KEYS
    together = group_totals(
        *(tf.constant(values) for values in (history + own, candidates + own, mask, weights, age)),
        3 * NUM_KEYS,
    )
    for grouping in range(3):
        own = mask[..., 0 if masked_alike else grouping]
        alone = totals(history[..., grouping], candidates[..., grouping], own, weights, age)
        found = together.of(grouping)
        for one, other in zip(alone, (found.counts, found.newest, found.oldest), strict=True):
            np.testing.assert_array_equal(one, other)
