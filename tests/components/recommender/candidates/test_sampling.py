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
    from components.recommender.candidates.sampling import as_new_users
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
    from components.recommender.candidates.sampling import as_new_users, in_sample
    from schema import names

    assert as_new_users(rows, 0.0)[names.QUERY_TIME].shape[0] == 0
    assert as_new_users(rows, 1.0)[names.QUERY_TIME].shape[0] == 400
    assert not in_sample(rows[names.USER_ID], 0.0).numpy().any()
    assert in_sample(rows[names.USER_ID], 1.0).numpy().all()


def test_the_sample_of_a_smaller_share_is_part_of_that_of_a_larger_one(rows):
    from components.recommender.candidates.sampling import in_sample
    from schema import names

    small, large = (in_sample(rows[names.USER_ID], share).numpy() for share in (0.2, 0.5))
    assert small.sum() > 0
    assert not (small & ~large).any()
