"""Window queries are read once, cutoff by cutoff, of a sample of users beyond a number."""

from __future__ import annotations

import pytest
import tensorflow as tf

from components.recommender.candidates.queries import read_window_queries


def example(user, kind, time):
    features = {
        "user_id": tf.train.Feature(bytes_list=tf.train.BytesList(value=[user.encode()])),
        "query_kind": tf.train.Feature(bytes_list=tf.train.BytesList(value=[kind])),
        "query_time": tf.train.Feature(int64_list=tf.train.Int64List(value=[time])),
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


@pytest.fixture
def pattern(tmp_path):
    """Four hundred users with a query at 10, half of them with one at 20; a basket and another window."""
    with tf.io.TFRecordWriter(str(tmp_path / "data.gz"), "GZIP") as writer:
        for number in range(400):
            writer.write(example(f"u{number}", b"window", 10))
            if number % 2:
                writer.write(example(f"u{number}", b"window", 20))
            writer.write(example(f"u{number}", b"basket", 10))
            writer.write(example(f"u{number}", b"window", 30))
    return str(tmp_path / "*.gz")


def users(records):
    features = [tf.train.Example.FromString(record).features.feature for record in records]
    assert {feature["query_kind"].bytes_list.value[0] for feature in features} <= {b"window"}
    return [feature["user_id"].bytes_list.value[0].decode() for feature in features]


def test_windows_at_the_moments_and_nothing_else(pattern):
    queries = read_window_queries([pattern], [10, 20], max_queries=1000)
    assert queries.num_all == 600
    assert users(queries.records[10]) == [f"u{number}" for number in range(400)]
    assert users(queries.records[20]) == [f"u{number}" for number in range(1, 400, 2)]


def test_beyond_the_number_the_same_users_are_left_out_at_every_cutoff(pattern):
    queries = read_window_queries([pattern], [10, 20], max_queries=150)
    first, second = (set(users(queries.records[cutoff])) for cutoff in (10, 20))
    assert 60 <= len(first) <= 140  # a quarter of 400 expected, four standard deviations of 8.7 either way
    assert second == {user for user in first if int(user[1:]) % 2}


def test_a_moment_without_queries(pattern):
    queries = read_window_queries([pattern], [99], max_queries=5)
    assert queries.num_all == 0
    assert len(queries.records[99]) == 0
