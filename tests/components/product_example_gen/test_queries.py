from __future__ import annotations

from components.product_example_gen.queries import concatenate, window_queries

EVENTS = [
    ("a", "old", 5),
    ("a", "before", 99),
    ("a", "first", 100),
    ("a", "last", 199),
    ("a", "after", 200),
    ("b", "x", 50),
    ("c", "y", 150),
]


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
