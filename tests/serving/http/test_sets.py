"""Columns of several values and of paths, from the database through both models to the answers."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from schema.features import FeatureColumn, Kind
from serving.http.app import create_app
from serving.http.extras import Extras
from serving.new_products.side_index import SideIndex

# As `tests/trained_shop.py` makes them: every third product has no label, and p4 and p5 are sold out.
ODD = ["line\nend", "größe 日本", "0  07", "q\"uo'te"]
NAMES = [*ODD, *(f"p{number}" for number in range(4, 30))]
LABELS = {
    name: ["fair trade", "new", "refill"][number % 4 :]
    for number, name in enumerate(NAMES)
    if number % 3 and name not in ("p4", "p5")
}


@pytest.fixture(scope="module")
def client(make_server):
    with TestClient(create_app(make_server(extras=Extras(SideIndex(None))))) as client:
        yield client


def asked(client, path, **request):
    answer = client.post(path, json={"top_k": 28, **request})
    assert answer.status_code == 200, answer.text
    return [item["product_id"] for item in answer.json()["items"]]


def listed(client, **request):
    return asked(client, "/v1/recommendations", user_id="u5", **request)


def test_columns_are_read_as_what_they_are(trained_shop):
    kinds = {column.name: column for column in trained_shop.plan.features.products}
    assert kinds["labels"] == FeatureColumn(name="labels", kind=Kind.SET, type="text")
    assert kinds["aisle"] == FeatureColumn(name="aisle", kind=Kind.HIERARCHY, type="text", levels=" > ")
    (topics,) = [column for column in trained_shop.plan.features.users if column.name == "topics"]
    assert topics == FeatureColumn(name="topics", kind=Kind.SET, type="text", separator="|")


def test_the_ranker_compares_levels_and_members(trained_shop):
    from components.candidate_indexer.groups import read_categories

    catalog = [f"{trained_shop.directory}/transformed/Split-catalog/*"]
    found = read_categories(catalog, trained_shop.plan.features)
    assert set(found) >= {"product__aisle__level_1", "product__aisle__level_2", "product__colour"}
    assert len(set(found["product__aisle__level_1"])) == 3  # two floors, and none


def test_rows_have_lists(client):
    row = client.get("/v1/products/p10").json()
    assert row["labels"] == ["refill"] and row["aisle"] == ["ground"]
    assert client.get("/v1/products/p11").json()["aisle"] == ["upper", "upper > shelf 2"]
    assert client.get("/v1/products/p6").json()["labels"] is None


@pytest.mark.parametrize("label", ["refill", "fair trade"])
def test_filters_take_what_has_a_member(client, label):
    found = listed(client, filters={"labels": label})
    assert sorted(found) == sorted(name for name, labels in LABELS.items() if label in labels)


def test_filters_take_a_branch_with_all_that_is_below_it(client):
    upper = listed(client, filters={"aisle": "upper"})
    shelf = listed(client, filters={"aisle": "upper > shelf 2"})
    assert shelf and set(shelf) < set(upper)
    assert not set(upper) & set(listed(client, filters={"aisle": {"not": "upper"}}))
    assert "p11" in shelf and "p25" in upper and "p25" not in shelf


def test_labels_and_levels_are_found_by_their_words(client):
    found = asked(client, "/v1/search", text="refil")
    refills = {name for name, labels in LABELS.items() if "refill" in labels}
    assert set(found[:6]) <= refills
    assert set(asked(client, "/v1/search", text="upper")[:6]) <= set(
        listed(client, filters={"aisle": "upper"})
    )


def test_a_product_is_added_with_its_members(client):
    features = {"colour": "blue", "labels": ["refill", "new"], "aisle": "upper>shelf 2"}
    assert client.post("/v1/products", json={"product_id": "added", "features": features}).status_code == 201
    row = client.get("/v1/products/added").json()
    assert row["labels"] == ["refill", "new"] and row["aisle"] == ["upper", "upper > shelf 2"]
    assert "added" in listed(client, filters={"aisle": "upper", "labels": "new"})
    assert "added" not in listed(client, filters={"aisle": "ground"})
    assert "added" in asked(client, "/v1/search", text="shelf refill")
    wrong = client.post("/v1/products", json={"product_id": "x", "features": {"labels": [["a"]]}})
    assert (
        wrong.status_code == 422 and "features.labels: a text, or a list of texts" in wrong.json()["detail"]
    )
