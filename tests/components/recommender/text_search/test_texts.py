"""What can be searched of a product."""

import pyarrow as pa

from components.recommender.text_search.texts import product_texts
from schema.features import FeatureColumn, FeatureSet, Kind

FEATURES = FeatureSet(
    products=(
        FeatureColumn(name="name", kind=Kind.TEXT),
        FeatureColumn(name="price", kind=Kind.NUMBER),
        FeatureColumn(name="brand", kind=Kind.CATEGORY),
        FeatureColumn(name="absent", kind=Kind.TEXT),
    )
)


def test_texts_and_categories_in_the_order_of_the_ids():
    catalog = pa.table(
        {
            "product_id": pa.array([[b"a"], [b"b"]]),
            "product__name": pa.array([[b"oat milk"], []], pa.list_(pa.binary())),
            "product__price": pa.array([[1.5], [2.0]]),
            "product__brand": pa.array([[b"own"], ["größe".encode()]]),
        }
    )
    found = product_texts(catalog, FEATURES, ["b", "unknown", "a"])
    assert [text.split() for text in found] == [["größe"], [], ["oat", "milk", "own"]]


def test_words_of_sets_and_of_the_levels_of_paths():
    features = FeatureSet(
        products=(
            FeatureColumn(name="tags", kind=Kind.SET),
            FeatureColumn(name="path", kind=Kind.HIERARCHY, levels=" > "),
        )
    )
    catalog = pa.table(
        {
            "product_id": pa.array([[b"a"], [b"b"]]),
            "product__tags": pa.array([[b"light blue", b"new"], None]),
            "product__path": pa.array([[b"Food", b"Food > Dairy"], [b"Food"]]),
        }
    )
    found = product_texts(catalog, features, ["a", "b"])
    assert [text.split() for text in found] == [["light", "blue", "new", "Food", "Dairy"], ["Food"]]
