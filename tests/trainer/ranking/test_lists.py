"""Lists in memory: their features are those of the model, their order and negatives those of a seed."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.ranking.lists import describe_lists, join_lists, select_lists, training_batches, whole_lists

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

SIZE, WIDTH = 30, 6


@pytest.fixture(scope="module")
def batch(small_ranker):
    return small_ranker.batch


@pytest.fixture(scope="module")
def described(small_ranker, batch):
    model = small_ranker.build()
    data = tf.data.Dataset.from_tensor_slices(batch(SIZE, WIDTH)).batch(8)
    model.adapt(data)
    model(batch(2, WIDTH))
    return model, describe_lists(model, data, None)


def test_scores_from_figures_are_those_from_rows(described, batch):
    model, lists = described
    (whole,) = whole_lists(lists, SIZE)
    np.testing.assert_allclose(model(whole)["scores"], model(batch(SIZE, WIDTH))["scores"], atol=0.02)


def test_what_describes_the_list_stays_with_it(described, batch):
    _, lists = described
    for name in ("label", "candidate_index", "num_targets", "query_time"):
        np.testing.assert_array_equal(lists[name], batch(SIZE, WIDTH)[name])


def by_candidate(lists, row):
    return dict(zip(lists["candidate_index"][row].numpy(), lists["pair_features"][row].numpy(), strict=True))


def test_lists_are_described_beside_all_candidates_before_some_are_left_out(described, batch):
    """The mean over a list, which is taken off its features, is that of the whole list."""
    model, whole = described
    data = tf.data.Dataset.from_tensors(batch(SIZE, WIDTH))
    few = describe_lists(model, data, 3)
    assert few["pair_features"].shape[1] == 3
    for row in range(SIZE):
        known = by_candidate(whole, row)
        for index, features in by_candidate(few, row).items():
            np.testing.assert_allclose(features, known[index], atol=0.01)


def test_lists_can_be_selected_and_joined(described):
    _, lists = described
    odd = np.arange(SIZE) % 2 == 1
    both = join_lists(select_lists(lists, odd), select_lists(lists, ~odd))
    expected = np.concatenate([lists["candidate_index"][1::2], lists["candidate_index"][::2]])
    np.testing.assert_array_equal(both["candidate_index"], expected)
    assert join_lists({}, lists) is lists and join_lists(lists, {}) is lists


def rows_of(batches):
    return [row for part in batches for row in part["candidate_index"].numpy().tolist()]


def test_each_epoch_has_every_list_in_another_order(described, batch):
    batches = training_batches(described[1], 8, WIDTH, seed=1)
    first, second = rows_of(batches), rows_of(batches)
    ordered = sorted(map(sorted, batch(SIZE, WIDTH)["candidate_index"].numpy().tolist()))
    assert sorted(map(sorted, first)) == sorted(map(sorted, second)) == ordered
    assert first != second


def test_each_epoch_has_other_negatives(described):
    batches = training_batches(described[1], 8, 4, seed=1)
    assert sorted(map(sorted, rows_of(batches))) != sorted(map(sorted, rows_of(batches)))


def test_positives_are_all_kept(described, batch):
    found = sum(part["label"].numpy().sum() for part in training_batches(described[1], 8, 4, seed=1))
    assert found == batch(SIZE, WIDTH)["label"].numpy().sum()


def test_the_seed_decides_order_and_negatives(described):
    one, same, other = (rows_of(training_batches(described[1], 8, 4, seed)) for seed in (1, 1, 2))
    assert one == same != other
