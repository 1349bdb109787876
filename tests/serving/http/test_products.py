"""Products that are added between runs, and embeddings as a question."""

import json
import shutil

import numpy as np
import pytest
from fastapi.testclient import TestClient

from serving.http.app import create_app
from serving.http.extras import Extras
from serving.model.embeddings import embed_products, embed_query
from serving.new_products.inserting import inserted
from serving.new_products.merging import Embedded
from serving.new_products.side_index import SideIndex, SideProduct

BLUE = {"colour": "blue", "price": 12.5, "picture": [1.0, 0.5, 0.0]}


@pytest.fixture
def shop_file(tmp_path):
    return tmp_path / "side_products.json"


@pytest.fixture
def client(make_server, shop_file):
    with TestClient(create_app(make_server(extras=Extras(SideIndex(shop_file))))) as client:
        yield client


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [item["product_id"] for item in answer.json()["items"]]


def detail(answer, status):
    assert answer.status_code == status, answer.text
    return answer.json()["detail"]


def add(client, product_id="brand new", **features):
    return client.post("/v1/products", json={"product_id": product_id, "features": {**BLUE, **features}})


def test_a_new_product_is_reachable_at_once_and_until_it_is_taken_off(client):
    assert add(client).json() == {"product_id": "brand new", "model_version": "1000", "replaced": False}
    assert client.get("/v1/products/brand new").json() == {"product_id": "brand new", **BLUE, "available": 1}
    similar = client.post("/v1/similar", json={"product_id": "p7", "blend": 0.0, "top_k": 30}).json()["items"]
    mine = [item for item in similar if item["product_id"] == "brand new"]
    assert len(mine) == 1 and mine[0]["source"] == "new_product"
    scores = [item["score"] for item in similar]
    assert scores == sorted(scores, reverse=True) and [item["rank"] for item in similar] == list(
        range(1, len(similar) + 1)
    )
    assert "brand new" in ids(client.post("/v1/search", json={"text": "blue", "top_k": 40}))
    assert "brand new" not in ids(client.post("/v1/search", json={"text": "red", "top_k": 40}))
    asked = {"user_id": "u5", "top_k": 28}
    items = client.post("/v1/recommendations", json=asked).json()["items"]
    mine = next(item for item in items if item["product_id"] == "brand new")
    assert mine["source"] == "new_product" and mine["reason"] == "new, of a kind that you buy"
    around = [item["score"] for item in items if abs(item["rank"] - mine["rank"]) == 1]
    assert min(around) <= mine["score"] <= max(around)
    red = client.post("/v1/recommendations", json={**asked, "filters": {"colour": "red"}})
    assert "brand new" not in ids(red)
    blue = client.post("/v1/recommendations", json={**asked, "filters": {"colour": "blue"}})
    assert "brand new" in ids(blue)
    assert client.delete("/v1/products/brand new").status_code == 204
    assert "has been added" in detail(client.delete("/v1/products/brand new"), 404)
    assert "brand new" not in ids(client.post("/v1/recommendations", json=asked))


def test_a_new_product_stands_where_retrieval_puts_it(client, server):
    """Placed by the number of catalogue products that are nearer to the query, counted here by hand."""
    add(client)
    model = server.served().model
    query, _ = server.shop.question("u5", model.features, model.history_length)
    vector, new = embed_query(model, query), embed_products(model, [("brand new", BLUE)])[0][0]
    catalogue, known = embed_products(model, [(f"p{number}", {}) for number in range(6, 30)])
    assert known.all() and np.linalg.norm(new) == pytest.approx(1, abs=1e-5)
    ahead = int((catalogue @ vector > new @ vector).sum())  # of those products; six more have other names
    plain = client.post("/v1/recommendations", json={"user_id": "u5", "top_k": 28}).json()["items"]
    rank = next(item["rank"] for item in plain if item["source"] == "new_product")
    assert ahead < rank <= ahead + 7


def test_likeness_to_a_new_product(client):
    add(client)
    add(client, "another", price=13.0)
    items = client.post("/v1/similar", json={"product_id": "brand new", "blend": 0.0}).json()["items"]
    assert items[0]["product_id"] == "another" and items[0]["content"] > 0.9
    assert "brand new" not in [item["product_id"] for item in items]


def test_it_survives_a_restart_and_leaves_when_a_model_knows_it(client, make_server, shop_file):
    add(client)
    kept = SideIndex(shop_file)
    assert [product.product_id for product in kept.products] == ["brand new"]
    kept.put(SideProduct("p7", BLUE))  # as if a model without p7 had been there before
    make_server(extras=Extras(kept))
    assert [product.product_id for product in SideIndex(shop_file).products] == ["brand new"]


def test_a_swap_takes_known_products_off(make_server, pushed, tmp_path, shop_file):
    shutil.copytree(pushed.model, tmp_path / "models" / "7")
    index = SideIndex(shop_file)
    index.put(SideProduct("p7", BLUE))
    index.put(SideProduct("brand new", BLUE))
    make_server(directory=tmp_path / "models", extras=Extras(index))
    assert [product.product_id for product in index.products] == ["brand new"]


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (
            {"features": {"size": 1}},
            422,
            "features.size: no such column. Known: colour, price, picture, labels, aisle.",
        ),
        ({"features": {"price": "dear"}}, 422, "features.price: a finite number. Received: 'dear'."),
        ({"features": {"price": True}}, 422, "features.price: a finite number. Received: True."),
        ({"features": {"colour": ["red"]}}, 422, "features.colour: a text or a number."),
        ({"features": {"picture": [1, 2]}}, 422, "features.picture: 3 numbers. Received: a list of 2."),
        ({"features": {"picture": "x"}}, 422, "features.picture: a list of 3 finite numbers."),
        ({"features": {"colour": None}}, 422, "features: at least one value"),
        ({"features": {}, "product_id": ""}, 422, "product_id: String should have at least 1"),
        ({"features": {"colour": "red"}, "product_id": "p7"}, 409, "the model knows 'p7' already"),
        ({}, 422, "features: Field required"),
    ],
)
def test_a_mistake_names_the_field(client, body, status, told):
    assert told in detail(client.post("/v1/products", json={"product_id": "x", **body}), status)


def test_an_embedding_is_a_question(client, server):
    model = server.served().model
    own = embed_products(model, [("p7", {})])[0][0].tolist()
    answer = client.post("/v1/similar", json={"embedding": own, "top_k": 3}).json()
    assert answer["column"] is None and answer["items"][0]["product_id"] == "p7"
    assert answer["items"][0]["score"] == pytest.approx(1, abs=1e-5)
    # The picture of product n is [1, n / 30, 0]: the nearest to that of 20 are 20 and its neighbours.
    picture = client.post("/v1/similar", json={"embedding": [2.0, 40 / 30, 0.0], "top_k": 3}).json()
    assert picture["column"] == "picture" and picture["items"][0]["product_id"] == "p20"
    assert {item["product_id"] for item in picture["items"]} == {"p20", "p21", "p19"}
    add(client, picture=[1.0, 20.4 / 30, 0.0])
    asked = {"embedding": [1.0, 20.4 / 30, 0.0], "column": "picture", "top_k": 2}
    assert ids(client.post("/v1/similar", json=asked)) == ["brand new", "p20"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "either product_id or embedding"),
        ({"product_id": "p7", "embedding": [1.0]}, "either product_id or embedding"),
        ({"product_id": "p7", "column": "picture"}, "column goes with embedding"),
        ({"embedding": [1.0] * 5}, "as many numbers as 8 (the towers), 3 (picture). Received: 5."),
        ({"embedding": [1.0] * 8, "column": "picture"}, "embedding: 3 numbers. Received: 8."),
        ({"embedding": [1.0] * 8, "column": "smell"}, "no such embedding column: smell. Known: picture."),
        ({"embedding": [0.0] * 8}, "one at least is not 0"),
    ],
)
def test_an_embedding_that_does_not_fit(client, body, told):
    assert told in detail(client.post("/v1/similar", json=body), 422)


def test_new_products_shift_others_but_not_what_is_pinned():
    items = [
        {"rank": rank, "product_id": name, "score": 10.0 - rank, "source": source}
        for rank, (name, source) in enumerate([("a", "ease"), ("b", "rule"), ("c", "ease"), ("d", "ease")], 1)
    ]
    found = inserted(items, [(0, "new"), (3, "late")], "new", 5)
    assert [item["product_id"] for item in found] == ["new", "b", "a", "c", "d"]
    assert [item["rank"] for item in found] == [1, 2, 3, 4, 5]


def test_cosines_of_a_zero_vector_are_zero():
    embedded = Embedded((SideProduct("x", {}),), np.array([[0.6, 0.8]]))
    assert embedded.cosines(np.zeros(2)).tolist() == [0.0]
    assert embedded.cosines(np.array([0.0, 2.0])).tolist() == pytest.approx([0.8])


def test_the_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "side.json"
    index = SideIndex(path)
    assert index.put(SideProduct("a", {"colour": "red"})) is False
    assert index.put(SideProduct("a", {"colour": "blue"}, available=False)) is True
    assert list(tmp_path.iterdir()) == [path]
    assert json.loads(path.read_text())["products"] == [
        {"product_id": "a", "features": {"colour": "blue"}, "available": False}
    ]
    broken = SideIndex(tmp_path / "nowhere" / "side.json")
    (tmp_path / "nowhere").write_text("a file, and no folder")
    with pytest.raises(OSError, match="nowhere"):
        broken.put(SideProduct("a", {}))
    assert broken.products == ()


def test_a_file_of_another_kind_is_a_mistake(tmp_path):
    from schema.errors import UserError

    path = tmp_path / "side.json"
    path.write_text("[1, 2]")
    with pytest.raises(UserError, match="is not a side index of products"):
        SideIndex(path)
