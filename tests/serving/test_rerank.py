"""Filters, preferences and diversity on lists small enough to work out by hand."""

import pytest

from serving.rerank import codes_of_rows, matching, preferred, renumbered, unlike

ROWS = {
    "a": {"colour": "red", "size": 1},
    "b": {"colour": "red", "size": 2},
    "c": {"colour": "blue", "size": 1},
    "d": {"colour": None, "size": 3},
}
ITEMS = [{"product_id": name, "rank": place} for place, name in enumerate("abcd", 1)]


def diversified(items, rows, columns, strength, top_k):
    codes = codes_of_rows([item["product_id"] for item in items], rows, columns)
    return [items[place] for place in unlike(codes, strength, top_k)]


def names(items):
    return "".join(item["product_id"] for item in items)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"colour": "red"}, "ab"),
        ({"colour": ["red", "blue"]}, "abc"),
        ({"colour": "red", "size": 2}, "b"),
        ({"size": "1"}, "ac"),
        ({"size": 1.0}, "ac"),
        ({"size": True}, "ac"),
        ({"colour": "None"}, ""),
        ({}, "abcd"),
    ],
)
def test_only_what_matches_is_left(wanted, expected):
    assert names(matching(ITEMS, ROWS, wanted)) == expected


def test_what_has_more_of_the_preferences_comes_first_and_ties_keep_their_order():
    assert names(preferred(ITEMS, ROWS, {"colour": "blue"})) == "cabd"
    assert names(preferred(ITEMS, ROWS, {"colour": "red", "size": 2})) == "bacd"


@pytest.mark.parametrize(("strength", "expected"), [(0.0, "abc"), (0.5, "acd"), (1.0, "acd")])
def test_diversity_trades_relevance_for_difference(strength, expected):
    """Products of one colour are wholly alike; d has none and is like nothing.

    Relevance is 1, 2/3, 1/3 and 0. At 0.5, after a: b has (2/3 - 1) / 2 = -1/6, c 1/6 and d 0.
    """
    assert names(diversified(ITEMS, ROWS, ["colour"], strength, 3)) == expected


def test_a_little_diversity_keeps_the_order_that_relevance_gives():
    # b: 0.8 * 2/3 - 0.2 = 0.33; c: 0.8 * 1/3 = 0.27; then c 0.27, d 0
    assert names(diversified(ITEMS, ROWS, ["colour"], 0.2, 4)) == "abcd"


def test_without_categories_diversity_changes_nothing():
    assert names(diversified(ITEMS, ROWS, [], 0.9, 4)) == "abcd"


def test_ranks_are_those_of_the_new_order():
    assert [item["rank"] for item in renumbered(ITEMS[::-1])] == [1, 2, 3, 4]
