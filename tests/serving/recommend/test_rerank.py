"""Filters, preferences and diversity on lists small enough to work out by hand."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schema import names as schema_names
from serving.model.catalogue import Catalogue
from serving.recommend.rerank import ListConstraints, diversified

COLOURS = np.array([[0], [0], [1], [-1]])[..., np.newaxis]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    folder = tmp_path_factory.mktemp("version")
    path = folder / schema_names.SERVED_PRODUCTS
    path.parent.mkdir(parents=True)
    columns = {
        "product_id": list("abcdefg"),
        "product__colour": ["red", "red", "blue", None, "blue", "green", "green"],
        "product__size": pa.array([1.0, 2.0, 1.0, 3.0, 9.0, 9.0, 9.0]),
    }
    pq.write_table(pa.table(columns), path)
    return Catalogue(folder)


@pytest.fixture
def names(catalogue):
    def of(listed="abcd", **constraints):
        places = catalogue.rows(list(listed))
        wanted = ListConstraints(**{"top_k": 4, "columns": ["colour"], **constraints})
        return "".join(listed[position] for position in wanted.chosen(places, catalogue))

    return of


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"colour": "red"}, "ab"),
        ({"colour": ("red", "blue")}, "abc"),
        ({"colour": "red", "size": 2}, "b"),
        ({}, "abcd"),
    ],
)
def test_only_what_matches_is_left(names, wanted, expected):
    assert names(filters=wanted) == expected


def test_what_has_more_of_the_preferences_comes_first_and_ties_keep_their_order(names):
    assert names(preferences={"colour": "blue"}) == "cabd"
    assert names(preferences={"colour": "red", "size": 2}) == "bacd"
    assert names("dcxba", preferences={"colour": "red"}) == "badc"  # x is no product of the catalogue
    assert names(filters={"size": 1}, preferences={"colour": "blue"}) == "ca"


def test_what_is_excluded_does_not_come(names, catalogue):
    assert names(excluded=catalogue.rows(["b", "d"])) == "ac"


@pytest.mark.parametrize(("strength", "expected"), [(0.0, "abc"), (0.5, "acd"), (1.0, "acd")])
def test_diversity_trades_relevance_for_difference(names, strength, expected):
    """Products of one colour are wholly alike; d has none and is like nothing.

    Relevance is 1, 2/3, 1/3 and 0. At 0.5, after a: b has (2/3 - 1) / 2 = -1/6, c 1/6 and d 0.
    """
    assert names(diversity=strength, top_k=3) == expected


def test_a_little_diversity_keeps_the_order_that_relevance_gives():
    # b: 0.8 * 2/3 - 0.2 = 0.33; c: 0.8 * 1/3 = 0.27; then c 0.27, d 0
    assert diversified(COLOURS, 0.2, 4).tolist() == [0, 1, 2, 3]


def test_without_categories_diversity_changes_nothing(names):
    assert names(diversity=0.9, columns=[]) == "abcd"
    assert diversified(np.zeros((5, 0, 1), int), 0.9, 3).tolist() == [0, 1, 2]


def test_a_list_is_enough_if_it_holds_what_is_wanted_or_all_there_is_of_it(catalogue):
    def is_met(listed, **constraints):
        return ListConstraints(**{"top_k": 2, **constraints}).is_met(catalogue.rows(list(listed)), catalogue)

    assert is_met("ab") and not is_met("a")
    assert is_met("abce", filters={"colour": "blue"}) and not is_met("abc", filters={"colour": "blue"})
    assert is_met("cd", filters={"size": 3})  # there is one only
    assert not is_met("ab", preferences={"colour": "green"}) and is_met(
        "afg", preferences={"colour": "green"}
    )
    assert not is_met("abcd", excluded=catalogue.rows(list("abc")))
    assert is_met("", filters={"colour": "none"})


def test_lists_stay_as_they_are_if_nothing_is_wished():
    assert not ListConstraints(3).changes_lists
    for constraints in (
        {"filters": {"a": 1}},
        {"preferences": {"a": 1}},
        {"diversity": 0.1},
        {"excluded": np.array([1])},
    ):
        assert ListConstraints(3, **constraints).changes_lists


def test_filters_hold_for_what_is_left_after_the_excluded(names, catalogue):
    assert names(filters={"colour": "red"}, excluded=catalogue.rows(["a", "c"])) == "b"


def test_sets_are_as_alike_as_the_share_of_what_they_have_in_common():
    # Relevance is 1, 2/3, 1/3 and 0; a shares 2 of 3 tags with b, 1 of 4 with c and none with d.
    tags = np.array([[[1, 2, 3]], [[3, 2, -1]], [[4, 3, -1]], [[5, -1, -1]]])
    # After a at 0.5: b (2/3 - 2/3) / 2 = 0, c (1/3 - 1/4) / 2 = 1/24, d 0; then of b and d b, which is first.
    assert diversified(tags, 0.5, 3).tolist() == [0, 2, 1]
