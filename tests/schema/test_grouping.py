"""Grouped totals, by hand and against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from schema.grouping import NEVER_DAYS, group_totals

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


def totals(history, candidates, mask, weights, age):
    found = group_totals(
        tf.constant(history, tf.int64),
        tf.constant(candidates, tf.int64),
        tf.constant(mask),
        tf.constant(weights, tf.float32),
        tf.constant(age, tf.float32),
    )
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


def test_indices_beyond_32_bits_of_keys():
    # 3 rows of up to 2 ** 30 keys each need 64-bit keys.
    big = 2**30
    counts, *_ = totals([[big], [big], [1]], [[big], [1], [1]], [[True]] * 3, ones([[1]] * 3), [[1.0]] * 3)
    assert counts[..., 0].tolist() == [[1.0], [0.0], [1.0]]


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
