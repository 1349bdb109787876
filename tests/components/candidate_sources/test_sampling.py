"""Which queries get candidates."""

import pytest


@pytest.fixture
def rows():
    import tensorflow as tf

    from schema import names

    users = [f"u{number}" for number in range(400)]
    histories = tf.ragged.constant([[1, 2, 3]] * 400, dtype=tf.int64, row_splits_dtype=tf.int64)
    return {
        names.USER_ID: tf.constant(users),
        names.QUERY_TIME: tf.fill([400], tf.constant(50, tf.int64)),
        names.USER_INDEX: tf.range(400, dtype=tf.int64),
        names.HISTORY_INDEX: histories,
        names.HISTORY_TIME: histories,
        names.HISTORY_TYPE: histories,
        names.TARGET_INDEX: histories,
    }


def test_new_users_have_targets_but_neither_history_nor_id(rows):
    from components.candidate_sources.sampling import as_new_users
    from schema import names

    cold = as_new_users(rows, 0.25)
    count = cold[names.QUERY_TIME].shape[0]
    assert 60 <= count <= 140  # 100 expected, four standard deviations of 8.7 either way
    assert cold[names.HISTORY_INDEX].to_list() == [[]] * count
    assert cold[names.HISTORY_TIME].to_list() == cold[names.HISTORY_TYPE].to_list() == [[]] * count
    assert cold[names.TARGET_INDEX].to_list() == [[1, 2, 3]] * count
    assert set(cold[names.USER_INDEX].numpy()) == {-1}
    assert rows[names.HISTORY_INDEX].to_list() == [[1, 2, 3]] * 400


def test_a_share_of_zero_and_of_one(rows):
    from components.candidate_sources.sampling import as_new_users, in_sample
    from schema import names

    assert as_new_users(rows, 0.0)[names.QUERY_TIME].shape[0] == 0
    assert as_new_users(rows, 1.0)[names.QUERY_TIME].shape[0] == 400
    assert not in_sample(rows[names.USER_ID], 0.0).numpy().any()
    assert in_sample(rows[names.USER_ID], 1.0).numpy().all()


def test_the_sample_of_a_smaller_share_is_part_of_that_of_a_larger_one(rows):
    from components.candidate_sources.sampling import in_sample
    from schema import names

    small, large = (in_sample(rows[names.USER_ID], share).numpy() for share in (0.2, 0.5))
    assert small.sum() > 0
    assert not (small & ~large).any()


def test_the_share_follows_from_the_window_queries_at_the_moments(tmp_path):
    import tensorflow as tf

    from components.candidate_sources.sampling import share_of_users

    def example(kind, time):
        features = {
            "query_kind": tf.train.Feature(bytes_list=tf.train.BytesList(value=[kind])),
            "query_time": tf.train.Feature(int64_list=tf.train.Int64List(value=[time])),
        }
        return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()

    path = str(tmp_path / "data.gz")
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for kind, time in [(b"window", 10)] * 6 + [(b"window", 20)] * 2 + [(b"basket", 10), (b"window", 30)]:
            writer.write(example(kind, time))
    assert share_of_users([path], [10, 20], most_queries=2) == 0.25
    assert share_of_users([path], [10, 20], most_queries=100) == 1.0
    assert share_of_users([path], [99], most_queries=2) == 1.0
