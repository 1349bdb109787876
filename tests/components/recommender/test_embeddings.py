"""The space of the towers, as signatures of the served model."""

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from components.recommender.embeddings import embedding_columns
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.served.request import Query, encode_queries
from serving.model.embeddings import encode_products

MISSING = {"colour": None, "price": None, "picture": None}


@pytest.fixture(scope="module")
def served(trained_shop):
    return tf.saved_model.load(trained_shop.model)


def call(model, signature, **inputs):
    function = model.signatures[signature]
    specs = function.structured_input_signature[1]
    tensors = {name: tf.constant(value, specs[name].dtype) for name, value in inputs.items()}
    return {name: value.numpy() for name, value in function(**tensors).items()}


def embed(model, shop, products):
    found = call(model, "embed_products", **encode_products(shop.plan.features, products))
    return found["embedding"], found["known"]


def test_known_products_have_the_embedding_of_the_catalogue(served, trained_shop):
    everything = [(name, MISSING) for name in trained_shop.product_ids]
    vectors, known = embed(served, trained_shop, [*everything, ("unheard of", MISSING)])
    assert known.tolist() == [True] * len(everything) + [False]
    tower = tf.saved_model.load(trained_shop.retrieval)
    catalogue = tower.signatures["candidates"]()["embeddings"].numpy()
    assert np.sort(vectors[:-1], axis=0) == pytest.approx(np.sort(catalogue, axis=0), abs=1e-5)
    # What is given of a known product counts for nothing.
    again, _ = embed(served, trained_shop, [("p7", {"colour": "red", "price": 999.0})])
    assert again[0].tolist() == vectors[trained_shop.product_ids.index("p7")].tolist()


def test_an_unknown_product_is_what_its_features_are(served, trained_shop):
    blue = {"colour": "blue", "price": 12.5, "picture": [1.0, 0.5, 0.0]}
    vectors, _ = embed(
        served,
        trained_shop,
        [
            ("new a", blue),
            ("new b", blue),
            ("new c", {**blue, "colour": "red"}),
            ("new d", {"colour": "blue"}),
        ],
    )
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert vectors[0].tolist() == pytest.approx(vectors[1].tolist(), abs=1e-6)
    assert vectors[0] @ vectors[2] < 0.999 and vectors[0] @ vectors[3] < 0.9999


def test_a_query_has_the_embedding_with_which_candidates_are_retrieved(served, trained_shop):
    query = Query("u5", 1_700_000_001, ["p7", "p9"], [1_699_000_000, 1_699_500_000], ["purchase", "view"])
    inputs = encode_queries(trained_shop.plan.features, [query], 100)
    vector = call(served, "embed_queries", **inputs)["query_embedding"][0]
    found = call(served, "retrieve", **inputs)
    names = [name.decode() for name in found["product_id"][0] if name]
    vectors, _ = embed(served, trained_shop, [(name, MISSING) for name in names])
    assert found["two_tower"][0][: len(names)] == pytest.approx(vectors @ vector, abs=1e-5)


def test_the_nearest_are_those_of_an_exact_search(served, trained_shop):
    vectors, _ = embed(served, trained_shop, [(name, MISSING) for name in trained_shop.product_ids])
    asked = np.linspace(-1, 1, vectors.shape[1])
    cosines = vectors @ asked / np.linalg.norm(asked)
    shown = [
        number for number, name in enumerate(trained_shop.product_ids) if name not in trained_shop.hidden
    ]
    expected = sorted(shown, key=lambda number: -cosines[number])
    found = call(served, "nearest", embedding=[asked], top_k=40)
    names = [name.decode() for name in found["product_id"][0]]
    assert names[: len(shown)] == [trained_shop.product_ids[number] for number in expected]
    assert set(names[len(shown) :]) == {""} and np.isnan(found["score"][0][len(shown) :]).all()
    assert found["score"][0][: len(shown)] == pytest.approx(cosines[expected], abs=1e-5)


def test_products_without_a_vector_are_near_to_nothing(served, trained_shop):
    found = call(served, "nearest__picture", embedding=[[1.0, 0.0, 0.0]], top_k=40)
    names = [name.decode() for name in found["product_id"][0] if name]
    assert len(names) == 30 - 3 - 2  # every eleventh has no picture, two are hidden
    assert names[0] == trained_shop.product_ids[1] and "p11" not in names and "p22" not in names


def test_embedding_columns_by_hand():
    features = FeatureSet(
        products=(
            FeatureColumn(name="image", kind=Kind.EMBEDDING, dim=2),
            FeatureColumn(name="smell", kind=Kind.EMBEDDING, dim=2),
            FeatureColumn(name="colour", kind=Kind.CATEGORY),
        )
    )
    catalog = pa.table(
        {
            "product_id": [[b"b"], [b"a"], [b"c"]],
            "product__image": [[1.0, float("nan")], None, [3.0]],
            "product__smell": pa.array([None, None, None], pa.null()),
        }
    )
    found = embedding_columns(catalog, features, ["a", "b", "c", "without a row"])
    assert found.keys() == {"image", "smell"}
    assert found["image"].tolist() == [[0, 0], [1, 0], [0, 0], [0, 0]]
    assert found["smell"].tolist() == [[0, 0]] * 4
