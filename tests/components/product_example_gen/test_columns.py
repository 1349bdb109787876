from __future__ import annotations

import pyarrow as pa
import pytest

from components.product_example_gen.columns import feature_arrays
from schema.errors import UserError
from schema.features import FeatureColumn, Kind


def _encode(values, kind, dim=1):
    column = FeatureColumn(name="c", kind=kind, dim=dim)
    return feature_arrays(pa.table({"c": values}), {"product__c": column}, "products")[
        "product__c"
    ].to_pylist()


def test_categories_are_text_and_missing_values_are_absent():
    assert _encode(pa.array([1, None, 20]), Kind.CATEGORY) == [[b"1"], None, [b"20"]]
    assert _encode(pa.array([1.0, 2.5, None]), Kind.CATEGORY) == [[b"1"], [b"2.5"], None]
    assert _encode(pa.array(["ü ", None, "007"]), Kind.TEXT) == [["ü ".encode()], None, [b"007"]]


def test_numbers_are_floats_and_infinities_are_missing():
    assert _encode(pa.array([1, None, 3]), Kind.NUMBER) == [[1.0], None, [3.0]]
    assert _encode(pa.array([0.5, float("inf")]), Kind.NUMBER) == [[0.5], None]
    assert _encode(pa.array(["2.5", None]), Kind.NUMBER) == [[2.5], None]


def test_sets_and_paths_are_the_lists_of_their_members():
    tags = FeatureColumn(name="c", kind=Kind.SET, separator=",")
    path = FeatureColumn(name="c", kind=Kind.HIERARCHY, levels="/")

    def encoded(column, values):
        return feature_arrays(pa.table({"c": values}), {"c": column}, "products")["c"].to_pylist()

    assert encoded(tags, pa.array(["a, ü,a", None, "", "a"])) == [[b"a", "ü".encode()], None, None, [b"a"]]
    assert encoded(tags, pa.array([["x", "y,z"], []])) == [[b"x", b"y,z"], None]
    assert encoded(path, pa.array(["f/d", "f"])) == [[b"f", b"f/d"], [b"f"]]


def test_text_in_a_column_of_numbers_is_named():
    with pytest.raises(
        UserError, match=r"Table `products`, column `c` is used as a number.*Received: .*many"
    ):
        _encode(pa.array(["many"]), Kind.NUMBER)


def test_embeddings_have_one_length():
    vectors = pa.array([[1, 2], None, [3, 4]], pa.list_(pa.float32()))
    assert _encode(vectors, Kind.EMBEDDING, 2) == [[1.0, 2.0], None, [3.0, 4.0]]
    assert _encode(pa.array([None], pa.string()), Kind.EMBEDDING, 2) == [None]
    with pytest.raises(UserError, match="embedding of 3 numbers"):
        _encode(vectors, Kind.EMBEDDING, 3)


def test_a_column_that_is_gone_is_named():
    with pytest.raises(UserError, match=r"no column `gone`.*schema freeze"):
        feature_arrays(pa.table({"c": [1]}), {"x": FeatureColumn(name="gone", kind=Kind.TEXT)}, "users")
