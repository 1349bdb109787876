"""Buyers, the category that diversity is measured in, and embeddings in the catalogue's order."""

import numpy as np
import pyarrow as pa
import pytest

from components.evaluation.events import Past
from components.recommender_evaluator.product_facts import product_facts, read_embeddings
from schema.features import FeatureColumn, FeatureSet, Kind

NUM_PRODUCTS = 8


def features(*columns):
    return FeatureSet(products=tuple(FeatureColumn(name=name, kind=kind) for name, kind in columns))


def catalog(**columns):
    as_lists = {
        f"product__{name}": pa.array([[] if value is None else [value.encode()] for value in values])
        for name, values in columns.items()
    }
    return pa.table({"product_id": pa.array([[b"p"]] * NUM_PRODUCTS), **as_lists})


@pytest.fixture
def past():
    users, products = np.array([0, 0, 1, 2]), np.array([3, 3, 3, 5])
    return Past(10, users, products, np.arange(4), 4, np.arange(NUM_PRODUCTS) != 7)


COLUMNS = {
    "brand": ["own", "other"] * 4,
    "department": ["a", "b", "c", "d", "e", None, "a", "b"],
    "type": list("stuvwxyz"),
}
CATEGORIES = features(*((name, Kind.CATEGORY) for name in COLUMNS))


def test_buyers_are_distinct_users(past):
    facts, _ = product_facts(catalog(**COLUMNS), CATEGORIES, past)
    assert facts.num_buyers.tolist() == [0, 0, 0, 2, 0, 1, 0, 0]
    assert facts.num_users == 3 and facts.num_available == 7


def test_the_category_is_the_coarsest_of_at_least_five_values(past):
    facts, values = product_facts(catalog(**COLUMNS), CATEGORIES, past)
    assert facts.category_column == "department"
    assert [values[code].as_py() if code >= 0 else None for code in facts.category] == COLUMNS["department"]


def test_if_all_are_coarser_the_finest_is_taken(past):
    columns = {"brand": COLUMNS["brand"], "size": ["s", "m", "l", None] * 2}
    kinds = features(("brand", Kind.CATEGORY), ("size", Kind.CATEGORY))
    assert product_facts(catalog(**columns), kinds, past)[0].category_column == "size"


def test_without_a_category_there_is_none(past):
    facts, values = product_facts(catalog(name=list("stuvwxyz")), features(("name", Kind.TEXT)), past)
    assert facts.category_column is None and set(facts.category) == {-1} and len(values) == 0


def test_embeddings_follow_the_catalogue(tmp_path):
    assets = tmp_path / "graph" / "transform_fn" / "assets"
    assets.mkdir(parents=True)
    (assets / "product_id").write_text("b\na\n")
    np.save(tmp_path / "embeddings.npy", np.array([[1, 2], [3, 4]], np.float32))
    found = read_embeddings(tmp_path, str(tmp_path / "graph"), pa.array(["a", "unknown", "b"]))
    assert found.tolist() == [[3, 4], [0, 0], [1, 2]]
