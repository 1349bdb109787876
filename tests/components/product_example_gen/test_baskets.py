from __future__ import annotations

from components.product_example_gen.baskets import basket_queries

MINUTE = 60


def _brief(found):
    return [(row["user_id"], row["query_time"], row["target_end"], row["target_product_id"]) for row in found]


def test_a_basket_is_what_shares_user_and_basket_id(make_log, rows_of):
    log = make_log([("a", "1", 10, "k"), ("a", "2", 12, "k"), ("a", "3", 12, "l"), ("b", "4", 11, "k")])
    found = rows_of(log, basket_queries(log, 100, 20, 10).sorted())
    assert _brief(found) == [("a", 10, 13, ["1", "2"]), ("a", 12, 13, ["3"]), ("b", 11, 12, ["4"])]
    assert [row["history_product_id"] for row in found] == [[], ["1"], []]
    assert {row["query_kind"] for row in found} == {"basket"}


def test_without_basket_ids_a_gap_of_more_than_half_an_hour_ends_a_session(make_log, rows_of):
    stamps = [0, 30 * MINUTE, 60 * MINUTE + 1, 90 * MINUTE + 2]
    log = make_log([("a", str(index), stamp) for index, stamp in enumerate(stamps)] + [("b", "9", 10)])
    found = rows_of(log, basket_queries(log, 10**6, 20, 10).sorted())
    assert _brief(found) == [
        ("a", 0, 30 * MINUTE + 1, ["0", "1"]),
        ("a", 60 * MINUTE + 1, 60 * MINUTE + 2, ["2"]),
        ("a", 90 * MINUTE + 2, 90 * MINUTE + 3, ["3"]),
        ("b", 10, 11, ["9"]),
    ]


def test_baskets_with_and_without_id_stay_apart(make_log, rows_of):
    log = make_log([("a", "1", 10, "k"), ("a", "2", 11), ("a", "3", 12, "k"), ("a", "4", 13)])
    found = rows_of(log, basket_queries(log, 100, 20, 10).sorted())
    assert _brief(found) == [("a", 10, 13, ["1", "3"]), ("a", 11, 14, ["2", "4"])]


def test_a_basket_that_reaches_into_the_eval_window_is_left_out(make_log, rows_of):
    log = make_log([("a", "1", 98, "k"), ("a", "2", 99, "k"), ("a", "3", 99, "l"), ("a", "4", 100, "l")])
    assert _brief(rows_of(log, basket_queries(log, 100, 20, 10))) == [("a", 98, 100, ["1", "2"])]


def test_only_the_newest_baskets_with_targets_count(make_log, rows_of):
    events = [("a", str(day), day * 10_000) for day in range(5)] + [
        ("a", "v", 60_000, None, "view"),
        ("b", "x", 5),
    ]
    log = make_log(events)
    found = rows_of(log, basket_queries(log, 10**6, 2, 10).sorted())
    assert [(row["user_id"], row["target_product_id"]) for row in found] == [
        ("a", ["3"]),
        ("a", ["4"]),
        ("b", ["x"]),
    ]


def test_no_baskets(make_log, rows_of):
    log = make_log([])
    assert rows_of(log, basket_queries(log, 100, 20, 10)) == []
