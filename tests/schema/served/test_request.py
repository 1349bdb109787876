"""Queries become padded arrays with numpy alone."""

from __future__ import annotations

import numpy as np
import pytest

from schema.features import FeatureColumn, FeatureSet, Kind
from schema.served.request import Query, encode_queries
from schema.values.value_text import value_text

PLAIN = FeatureSet()
RICH = FeatureSet(
    users=(
        FeatureColumn(name="town", kind=Kind.CATEGORY),
        FeatureColumn(name="age", kind=Kind.NUMBER),
        FeatureColumn(name="about", kind=Kind.TEXT),
        FeatureColumn(name="vector", kind=Kind.EMBEDDING, dim=2),
        FeatureColumn(name="code", kind=Kind.IGNORE),
    ),
    products=(FeatureColumn(name="colour", kind=Kind.CATEGORY),),
)


def query(count, **values):
    """A query whose history is p0, p1, ... at the times 10, 11, ..., all of type `buy`."""
    ids, times = [f"p{n}" for n in range(count)], list(range(10, 10 + count))
    return Query("u", 99, ids, times, ["buy"] * count, values)


def test_histories_are_padded_on_the_right():
    inputs = encode_queries(PLAIN, [query(1), query(3)], 10)
    assert inputs["history_product_id"].tolist() == [[b"p0", b"", b""], [b"p0", b"p1", b"p2"]]
    assert inputs["history_time"].tolist() == [[10, 0, 0], [10, 11, 12]]
    assert inputs["history_event_type"].tolist() == [[b"buy", b"", b""], [b"buy", b"buy", b"buy"]]


def test_the_newest_events_are_kept():
    inputs = encode_queries(PLAIN, [query(5)], 2)
    assert inputs["history_product_id"].tolist() == [[b"p3", b"p4"]]
    assert inputs["history_time"].tolist() == [[13, 14]]


def test_an_empty_history_is_one_column_of_padding():
    inputs = encode_queries(PLAIN, [query(0)], 5)
    assert inputs["history_product_id"].tolist() == [[b""]]
    assert inputs["history_time"].tolist() == [[0]]


def test_users_and_times():
    inputs = encode_queries(PLAIN, [Query("größe", 7), Query("002", 2**40)], 5)
    assert inputs["user_id"].tolist() == ["größe".encode(), b"002"]
    assert inputs["query_time"].tolist() == [7, 2**40]
    assert inputs["query_time"].dtype == np.int64


def test_a_plain_database_asks_for_no_features():
    names = {"user_id", "query_time", "history_product_id", "history_time", "history_event_type"}
    assert set(encode_queries(PLAIN, [query(1)], 5)) == names


def test_only_used_columns_of_users_are_asked_for():
    inputs = encode_queries(RICH, [query(1)], 5)
    assert {name for name in inputs if "__" in name} == {
        "user__town",
        "user__age",
        "user__about",
        "user__vector",
    }


def test_values_of_features():
    inputs = encode_queries(RICH, [query(0, town="Ulm", age=3, about="a b", vector=[1.0, 2.5])], 5)
    assert inputs["user__town"].tolist() == [b"Ulm"]
    assert inputs["user__age"].tolist() == [3.0]
    assert inputs["user__about"].tolist() == [b"a b"]
    assert inputs["user__vector"].tolist() == [[1.0, 2.5]]


def test_missing_features():
    inputs = encode_queries(RICH, [query(0), query(0, town=None, age=None, vector=None)], 5)
    assert inputs["user__town"].tolist() == [b"", b""]
    assert inputs["user__about"].tolist() == [b"", b""]
    assert np.isnan(inputs["user__age"]).all()
    assert inputs["user__vector"].shape == (2, 2)
    assert np.isnan(inputs["user__vector"]).all()


def test_numbers_are_single_precision():
    inputs = encode_queries(RICH, [query(0, age=3)], 5)
    assert {inputs[name].dtype for name in ("user__age", "user__vector")} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (3, "3"), (3.0, "3"), (3.5, "3.5"), (-0.0, "0"), (True, "True"), ("3.0", "3.0")],
)
def test_a_category_is_written_the_same_whatever_its_type(value, text):
    assert value_text(value) == text


def test_sets_and_paths_of_users_are_padded():
    features = FeatureSet(
        users=(
            FeatureColumn(name="likes", kind=Kind.SET, separator=","),
            FeatureColumn(name="area", kind=Kind.HIERARCHY, levels="/"),
        )
    )
    queries = [Query("a", 1, features={"likes": "tea, jam", "area": "EU/FR"}), Query("b", 1)]
    inputs = encode_queries(features, queries, 10)
    assert inputs["user__likes"].tolist() == [[b"tea", b"jam"], [b"", b""]]
    assert inputs["user__area"].tolist() == [[b"EU", b"EU/FR"], [b"", b""]]
    alone = encode_queries(features, [Query("b", 1, features={"likes": ["ü"]})], 10)
    assert alone["user__likes"].tolist() == [["ü".encode()]] and alone["user__area"].tolist() == [[b""]]
