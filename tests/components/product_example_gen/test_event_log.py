from __future__ import annotations

import numpy as np


def test_events_are_sorted_by_user_time_and_row(make_log):
    log = make_log([("b", "1", 5), ("a", "2", 9), ("b", "3", 2), ("a", "4", 9), ("a", "5", 3), ("b", "6", 5)])
    assert log.users.to_pylist() == ["a", "b"]
    assert log.column("product_id").to_pylist() == [b"5", b"2", b"4", b"3", b"1", b"6"]


def test_users_are_in_byte_order_and_unchanged(make_log):
    ids = ["é", " a", "A", "'", "007", "7", "日本", "😀"]
    log = make_log([(name, "p", 1) for name in ids])
    assert log.users.to_pylist() == sorted(ids, key=str.encode)


def test_the_first_event_at_or_after_a_stamp_stays_within_the_user(make_log):
    log = make_log([("a", "1", 10), ("a", "2", 20), ("b", "3", 15)])
    user = np.array([0, 0, 0, 0, 1, 1, 1])
    time = np.array([-(10**12), 10, 11, 10**12, 0, 15, 16])
    assert log.first_at_or_after(user, time).tolist() == [0, 0, 1, 2, 2, 2, 3]


def test_weights_come_from_the_type_and_unlisted_types_weigh_nothing(make_log):
    log = make_log([("a", "1", 1), ("a", "2", 2, None, "view"), ("a", "3", 3, None, "new")], view=0.25)
    assert log.weight.tolist() == [1.0, 0.25, 0.0]


def test_no_events(make_log):
    log = make_log([])
    assert len(log) == 0
    assert log.first_at_or_after(np.array([], np.int64), np.array([], np.int64)).tolist() == []
