"""Reading queries: only such with a known target, targets sorted, and batches that keep rows together."""

from __future__ import annotations

import numpy as np
import pytest

from schema.features import FeatureSet
from trainer.retrieval.queries import (
    num_queries,
    query_batches,
    read_queries,
    target_shares,
    weigh_users_alike,
)

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

FEATURES = FeatureSet()
DAY = 86_400


def example(row):
    features = {}
    for name, values in row.items():
        if not values:
            continue
        floats = isinstance(values[0], float)
        features[name] = (
            tf.train.Feature(float_list=tf.train.FloatList(value=values))
            if floats
            else tf.train.Feature(int64_list=tf.train.Int64List(value=values))
        )
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def row(number, targets, weights=None):
    return {
        "user_index": [number],
        "query_time": [10 * DAY],
        "target_end": [(11 + number) * DAY],
        "history_index": [number] * (number + 1),
        "history_time": [9 * DAY] * (number + 1),
        "history_type": [0] * (number + 1),
        "target_index": targets,
        "target_weight": weights or [1.0] * len(targets),
    }


@pytest.fixture
def read(tmp_path):
    def run(*rows, **options):
        with tf.io.TFRecordWriter(str(tmp_path / "data.gz"), "GZIP") as writer:
            for item in rows:
                writer.write(example(item))
        return read_queries([str(tmp_path / "*.gz")], FEATURES, **options)

    return run


def test_unknown_targets_are_left_out_with_their_weights(read):
    queries = read(row(0, [4, -1, 2], [4.0, 9.0, 2.0]))
    assert queries["target_index"].to_list() == [[2, 4]]
    assert queries["target_weight"].to_list() == [[2.0, 4.0]]


def test_targets_are_sorted_within_the_row_only(read):
    queries = read(row(0, [9, 3], [9.0, 3.0]), row(1, [5, 1], [5.0, 1.0]))
    assert queries["target_index"].to_list() == [[3, 9], [1, 5]]
    assert queries["target_weight"].to_list() == [[3.0, 9.0], [1.0, 5.0]]


def test_rows_without_a_known_target_are_left_out(read):
    queries = read(row(0, [-1]), row(1, [1]), row(2, []))
    assert queries["user_index"].numpy().tolist() == [1]
    assert queries["history_index"].to_list() == [[1, 1]]
    assert num_queries(queries) == 1


def test_rows_may_be_chosen(read):
    queries = read(row(0, [1]), row(1, [1]), targets_end_by=11 * DAY)
    assert queries["user_index"].numpy().tolist() == [0]


def test_no_row_at_all_is_an_error(read):
    with pytest.raises(ValueError, match=r"No query is left to train or evaluate on\. Received: patterns="):
        read(row(0, [-1]))


def test_no_file_at_all_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="No query is left"):
        read_queries([str(tmp_path / "*.gz")], FEATURES)


def users(dataset):
    return [batch["user_index"].numpy().tolist() for batch in dataset]


def test_batches_are_in_order(read):
    queries = read(*(row(number, [1]) for number in range(5)))
    assert users(query_batches(queries, FEATURES, 10, 2)) == [[0, 1], [2, 3], [4]]


def test_shuffled_batches_hold_every_row_once_and_differ_from_epoch_to_epoch(read):
    queries = read(*(row(number, [1]) for number in range(30)))
    dataset = query_batches(queries, FEATURES, 10, 7, shuffle_seed=1)
    first, second = (np.concatenate(users(dataset)).tolist() for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(30))
    assert first != second


def test_the_same_seed_shuffles_alike(read):
    queries = read(*(row(number, [1]) for number in range(30)))
    one, other = (users(query_batches(queries, FEATURES, 10, 7, shuffle_seed=1)) for _ in range(2))
    assert one == other


def test_rows_stay_together(read):
    queries = read(*(row(number, [number, number + 1]) for number in range(9)))
    for batch in query_batches(queries, FEATURES, 100, 4, shuffle_seed=1):
        number = batch["user_index"].numpy()
        assert batch["target_index"].to_list() == [[n, n + 1] for n in number]
        assert (batch["history_index"].numpy() >= 0).sum(axis=1).tolist() == (number + 1).tolist()
        assert batch["history_index"].numpy()[:, 0].tolist() == number.tolist()


def test_histories_are_cut(read):
    queries = read(row(8, [1]))
    assert next(iter(query_batches(queries, FEATURES, 3, 1)))["history_index"].shape == (1, 3)


def test_target_shares_weigh_each_query_alike(read):
    # Product 1: half of one query and all of the other; product 2: half of one.
    queries = read(row(0, [1, 2]), row(1, [1]))
    assert target_shares(queries, 4).tolist() == pytest.approx([0, 0.75, 0.25, 0])


def test_only_the_newest_events_are_kept_in_memory(read):
    events = {"history_index": [5, 6, 7], "history_time": [1, 2, 3], "history_type": [0, 1, 0]}
    queries = read(row(0, [1]) | events, row(1, [1]), history_length=2)
    assert queries["history_index"].to_list() == [[6, 7], [1, 1]]
    assert queries["history_time"].to_list()[0] == [2, 3]
    assert queries["history_type"].to_list()[0] == [1, 0]


def test_weights_of_users_who_count_alike(read):
    # Two queries of one user and one of another: 1/2, 1/2 and 1, scaled back to a total of 6.
    rows = [row(0, [1, 2]), row(1, [1, 2]), row(2, [1, 2])]
    queries = read(*rows) | {"user_id": tf.constant(["a", "a", "b"])}
    weights = weigh_users_alike(queries)["target_weight"].to_list()
    assert weights == [[0.75, 0.75], [0.75, 0.75], [1.5, 1.5]]
