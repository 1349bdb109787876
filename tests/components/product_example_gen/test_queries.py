from __future__ import annotations

from components.product_example_gen.queries import basket_queries, concatenate, window_queries

EVENTS = [
    ("a", "old", 5),
    ("a", "before", 99),
    ("a", "first", 100),
    ("a", "last", 199),
    ("a", "after", 200),
    ("b", "x", 50),
    ("c", "y", 150),
]

MINUTE = 60


def test_a_window_is_closed_on_the_left_and_open_on_the_right(make_log, rows_of):
    log = make_log(EVENTS)
    found = rows_of(log, window_queries(log, 100, 200, 10))
    assert [(row["user_id"], row["history_product_id"], row["target_product_id"]) for row in found] == [
        ("a", ["old", "before"], ["first", "last"]),
        ("c", [], ["y"]),
    ]
    assert {(row["query_time"], row["target_end"], row["query_kind"]) for row in found} == {
        (100, 200, "window")
    }


def test_only_the_newest_events_are_kept_oldest_first(make_log, rows_of):
    log = make_log([("a", str(stamp), stamp) for stamp in (4, 1, 3, 2)] + [("a", "t", 10)])
    (row,) = rows_of(log, window_queries(log, 10, 11, 2))
    assert row["history_product_id"] == ["3", "4"]
    assert row["history_time"] == [3, 4]


def test_events_without_weight_are_history_but_no_target_and_make_no_query(make_log, rows_of):
    log = make_log(
        [("a", "1", 1, None, "view"), ("a", "2", 5, None, "view"), ("b", "3", 5), ("b", "4", 6, None, "view")]
    )
    found = rows_of(log, window_queries(log, 5, 9, 10))
    assert [(row["user_id"], row["target_product_id"]) for row in found] == [("b", ["3"])]
    log = make_log([("a", "1", 1, None, "view"), ("a", "2", 5)])
    (row,) = rows_of(log, window_queries(log, 5, 9, 10))
    assert row["history_event_type"] == ["view"]


def test_targets_are_distinct_and_weigh_as_much_as_their_strongest_event(make_log, rows_of):
    log = make_log(
        [
            ("a", "p", 1, None, "view"),
            ("a", "q", 2),
            ("a", "p", 3),
            ("a", "p", 4, None, "view"),
            ("b", "p", 2, None, "view"),
        ],
        view=0.5,
    )
    first, second = rows_of(log, window_queries(log, 0, 10, 10))
    assert (first["target_product_id"], first["target_weight"]) == (["p", "q"], [1.0, 1.0])
    assert (second["target_product_id"], second["target_weight"]) == (["p"], [0.5])


def test_equal_stamps_keep_the_order_of_the_table(make_log, rows_of):
    log = make_log([("a", name, 7) for name in "zxy"] + [("a", name, 9) for name in "cab"])
    (row,) = rows_of(log, window_queries(log, 9, 10, 10))
    assert row["history_product_id"] == list("zxy")
    assert row["target_product_id"] == list("cab")


def test_sorting_keeps_each_query_with_its_targets(make_log, rows_of):
    log = make_log(EVENTS)
    queries = concatenate([window_queries(log, 150, 250, 1), window_queries(log, 0, 100, 1)]).sorted()
    assert [
        (row["user_id"], row["query_time"], row["target_product_id"]) for row in rows_of(log, queries)
    ] == [
        ("a", 0, ["old", "before"]),
        ("a", 150, ["last", "after"]),
        ("b", 0, ["x"]),
        ("c", 150, ["y"]),
    ]


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
