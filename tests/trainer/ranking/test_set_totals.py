"""What a history says of sets, against sums by hand and brute force."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.ranking.affinity import AffinityFeatures, AffinityInputs
from trainer.ranking.set_totals import SetTotals

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

NEVER = 3650.0
TAGS = np.array([[2, 3], [3, -1], [4, 5], [-1, -1]], np.int32)


def totals(history, known, weights, ages, candidates, members=TAGS):
    found = SetTotals(members)(
        tf.constant(history),
        tf.constant(candidates),
        tf.constant(known),
        tf.constant(weights),
        tf.constant(ages),
    )
    return found.counts.numpy(), found.newest.numpy(), found.oldest.numpy()


def test_totals_by_hand():
    # Events with products 0 (weight 1, 5 days ago), 1 (weight 2, 3 days) and, which does not count, 2.
    counts, newest, oldest = totals(
        [[0, 1, 2]], [[True, True, False]], [[[1.0], [2.0], [4.0]]], [[5.0, 3.0, 1.0]], [[0, 1, 2, 3]]
    )
    # Tag 2 has 1 and tag 3 has 3, so product 0 has their mean; 2's tags have nothing, and 3 has no tag.
    assert counts[0, :, 0].tolist() == [2.0, 3.0, 0.0, 0.0]
    assert newest[0].tolist() == [3.0, 3.0, NEVER, NEVER]
    assert oldest[0].tolist() == [5.0, 5.0, 0.0, 0.0]


@pytest.mark.parametrize("seed", range(5))
def test_totals_by_brute_force(seed):
    rng = np.random.default_rng(seed)
    members = np.full((9, 4), -1, np.int32)
    for product in range(9):
        count = rng.integers(0, 5)
        members[product, :count] = rng.choice(7, count, replace=False)
    history, candidates = rng.integers(0, 9, (3, 6)), rng.integers(0, 9, (3, 5))
    known, ages = rng.random((3, 6)) < 0.7, rng.random((3, 6)).astype(np.float32)
    weights = rng.random((3, 6, 2)).astype(np.float32)
    counts, newest, _ = totals(history, known, weights, ages, candidates, members)
    for row in range(3):
        for position, candidate in enumerate(candidates[row]):
            own = [tag for tag in members[candidate] if tag >= 0]
            events = [
                (e, tag) for e in range(6) if known[row, e] for tag in own if tag in members[history[row, e]]
            ]
            expected = sum((weights[row, e] for e, _ in events), np.zeros(2)) / max(len(own), 1)
            assert counts[row, position] == pytest.approx(expected, abs=1e-5)
            ages_of = [float(ages[row, e]) for e, _ in events]
            assert newest[row, position] == pytest.approx(min(ages_of, default=NEVER))


def _features(**columns):
    inputs = {"categories": {}, "numbers": {}, **columns}
    layer = AffinityFeatures(AffinityInputs(4, positive_types=(True,), window_days=8.0, **inputs))
    found = layer(
        {
            "history_index": tf.constant([[0, 1, 2, -1]], tf.int64),
            "history_age": tf.constant([[5.0, 3.0, 1.0, 0.0]]),
            "history_type": tf.constant([[0, 0, 0, -1]], tf.int64),
            "candidate_index": tf.constant([[3, 2, 1, 0]], tf.int64),
        }
    )
    assert len(layer.groups) == found["features"].shape[-1]
    return found["features"].numpy()


def test_a_set_of_one_is_a_category():
    colour = np.array([2, 3, 2, 4], np.int32)
    as_category = _features(categories={"colour": colour})
    assert np.allclose(_features(sets={"colour": colour[:, np.newaxis]}), as_category)
