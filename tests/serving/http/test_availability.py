"""What is sold out, gone or new in the product table, over the real model and a real database."""

import random
import shutil
import sqlite3
import threading
import time
from types import SimpleNamespace

import grpc
import numpy as np
import pytest
import tensorflow as tf
from fastapi.testclient import TestClient
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from benchmarks.serving.availability import Answered, changing, lateness
from serving.grpc.server import start_grpc
from serving.http.app import create_app
from serving.http.extras import Extras
from serving.new_products.side_index import SideIndex, SideProduct
from serving.recommend.fallback import popular_answer
from serving.recommend.requests import RecommendationRequest

SECONDS = 0.4
KNOWN = "u5"
COLUMNS = "product_id, colour, price, available, picture"


@pytest.fixture(scope="module")
def shop(make_server, pushed, tmp_path_factory):
    """A server of its own over a copy of the database that may be changed."""
    folder = tmp_path_factory.mktemp("availability")
    path = shutil.copy(pushed.url.removeprefix("sqlite:///"), folder / "shop.db")
    shutil.copytree(pushed.model, folder / "models" / "1000")
    server = make_server(
        url=f"sqlite:///{path}", directory=folder / "models", refresh_seconds=SECONDS, grpc_port=0
    )
    calls, port = start_grpc(server.settings, server.holder, server.metrics)
    with (
        TestClient(create_app(server)) as client,
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        yield SimpleNamespace(
            path=path,
            server=server,
            client=client,
            stub=prediction_service_pb2_grpc.PredictionServiceStub(channel),
            change=lambda sql, *values: change(path, sql, *values),
        )
    calls.stop(None).wait()


@pytest.fixture(autouse=True)
def _as_it_was(shop, pushed):
    """Each test begins and ends with the products of the shop as they were."""
    yield
    source = pushed.url.removeprefix("sqlite:///")
    shop.change("DELETE FROM products")
    with sqlite3.connect(shop.path) as connection:
        connection.execute("ATTACH ? AS original", (source,))
        connection.execute("INSERT INTO products SELECT * FROM original.products")
    connection.close()
    shop.server.table.look()


def change(path, sql, *values):
    with sqlite3.connect(path, timeout=30) as connection:
        connection.execute(sql, values)
    connection.close()


def answers(shop):
    """What each way to ask gives, at the greatest length: name -> ids."""

    def ids(path, **body):
        answer = shop.client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return {item["product_id"] for item in answer.json()["items"]}

    asked = RecommendationRequest(user_id="u4", top_k=40)
    return {
        "recommendations": ids("/v1/recommendations", user_id=KNOWN, top_k=40),
        "stranger": ids("/v1/recommendations", top_k=40),
        "diverse": ids("/v1/recommendations", user_id=KNOWN, top_k=40, diversity=0.5),
        "filtered": ids("/v1/recommendations", top_k=40, filters={"colour": ["red", "blue"]}),
        "similar": ids("/v1/similar", product_id="p9", top_k=40),
        "near": ids("/v1/similar", embedding=[1.0, 0.5, 0.0], column="picture", top_k=40),
        "search": ids("/v1/search", text="blue red", top_k=40),
        "fallback": {item["product_id"] for item in popular_answer(asked, shop.server.served())["items"]},
        "grpc": by_grpc(shop, "recommend"),
        "grpc candidates": by_grpc(shop, "retrieve"),
    }


def by_grpc(shop, signature):
    model = shop.server.served().model
    inputs = {
        "user_id": [b"u5"],
        "query_time": [1_700_000_001],
        "history_product_id": [[b"p7", b"p9"]],
        "history_time": [[1_699_000_000, 1_699_000_001]],
        "history_event_type": [[b"purchase", b"purchase"]],
        "top_k": 40,
        "exclude_purchased": False,
    }
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "towerline", signature
    for name, spec in model.signatures[signature].inputs.items():
        missing = np.full([1] * len(spec.shape), b"" if spec.dtype == tf.string else 0.0)
        request.inputs[name].CopyFrom(tf.make_tensor_proto(inputs.get(name, missing), spec.dtype))
    found = tf.make_ndarray(shop.stub.Predict(request, 600).outputs["product_id"])
    return {name.decode() for name in found.flat if name}


def where(shop, product_id):
    return {name for name, found in answers(shop).items() if product_id in found}


def wait_until(condition, seconds=30.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_what_is_sold_out_leaves_every_answer_and_comes_back(shop):
    everywhere = where(shop, "p7")
    assert {"recommendations", "stranger", "similar", "search", "fallback", "grpc"} <= everywhere
    full = len(answers(shop)["recommendations"])
    shop.change("UPDATE products SET available = 0 WHERE product_id = 'p7'")
    wait_until(lambda: shop.server.served().model.is_hidden("p7"))
    assert where(shop, "p7") == set()
    assert len(answers(shop)["recommendations"]) == full - 1  # all that there are
    short = shop.client.post("/v1/recommendations", json={"user_id": KNOWN, "top_k": 10}).json()["items"]
    assert [item["rank"] for item in short] == list(range(1, 11))
    assert shop.client.post("/v1/similar", json={"product_id": "p7"}).status_code == 200  # may be asked about
    shop.change("UPDATE products SET available = 1 WHERE product_id = 'p7'")
    wait_until(lambda: not shop.server.served().model.is_hidden("p7"))
    assert where(shop, "p7") == everywhere


def test_a_row_that_goes_takes_its_product_along(shop):
    shop.change("DELETE FROM products WHERE product_id = 'p9'")
    assert shop.server.table.look()
    assert where(shop, "p9") == set()


def test_what_was_sold_out_when_the_model_was_made_comes_back(shop, pushed):
    assert where(shop, "p4") == set() and "p4" in pushed.hidden
    shop.change("UPDATE products SET available = 1 WHERE product_id = 'p4'")
    assert shop.server.table.look()
    assert {"similar", "near", "search", "recommendations"} <= where(shop, "p4")


def test_almost_everything_is_sold_out(shop):
    shop.change("UPDATE products SET available = product_id IN ('p6', 'p11')")
    assert shop.server.table.look()
    assert set().union(*answers(shop).values()) == {"p6", "p11"}
    assert answers(shop)["recommendations"] == {"p6", "p11"}


def test_a_new_row_is_reachable_until_it_is_sold_out(shop):
    row = ("brand new", "blue", 12.5, 1, "[1.0, 0.5, 0.0]")
    shop.change(f"INSERT INTO products ({COLUMNS}) VALUES (?, ?, ?, ?, ?)", *row)
    assert shop.server.table.look()
    assert {"recommendations", "similar", "near", "search"} <= where(shop, "brand new")
    assert [found["product_id"] for found in shop.client.get("/v1/products").json()["products"]] == [
        "brand new"
    ]
    shop.change("UPDATE products SET available = 0 WHERE product_id = 'brand new'")
    assert shop.server.table.look()
    assert where(shop, "brand new") == set()
    assert shop.client.get("/v1/products").json()["products"] == []


def test_the_table_goes_before_what_was_added(make_server, pushed, tmp_path):
    path = shutil.copy(pushed.url.removeprefix("sqlite:///"), tmp_path / "shop.db")
    index = SideIndex(tmp_path / "side.json")
    index.put(SideProduct("brand new", {"colour": "blue"}))
    change(path, f"INSERT INTO products ({COLUMNS}) VALUES ('brand new', 'blue', 1, 0, NULL)")
    server = make_server(url=f"sqlite:///{path}", extras=Extras(index))
    assert index.products == () and [one.product_id for one in SideIndex(tmp_path / "side.json").products]
    change(path, "UPDATE products SET available = 1, colour = 'red' WHERE product_id = 'brand new'")
    assert server.table.look()
    assert index.products == (SideProduct("brand new", {"colour": "red", "price": 1.0}),)
    change(path, "DELETE FROM products WHERE product_id = 'brand new'")
    assert server.table.look()
    assert index.products == (SideProduct("brand new", {"colour": "blue"}),)


def test_values_of_new_rows_are_read_again_where_the_table_has_stamps(make_server, pushed, tmp_path):
    path = shutil.copy(pushed.url.removeprefix("sqlite:///"), tmp_path / "shop.db")
    change(path, "ALTER TABLE products ADD COLUMN updated_at INTEGER DEFAULT 100")
    change(
        path, f"INSERT INTO products ({COLUMNS}, updated_at) VALUES ('brand new', 'blue', 1, 1, NULL, 200)"
    )
    server = make_server(url=f"sqlite:///{path}")
    assert server.new_products.index.products[0].features == {"colour": "blue", "price": 1.0}
    change(path, "UPDATE products SET price = 2, updated_at = 300 WHERE product_id = 'brand new'")
    assert server.table.look()
    assert server.new_products.index.products[0].features["price"] == 2.0


def test_a_model_that_is_pushed_later_hides_what_is_sold_out(shop, pushed, tmp_path):
    shop.change("UPDATE products SET available = 0 WHERE product_id = 'p7'")
    assert shop.server.table.look()
    holder, before = shop.server.holder, shop.server.served()
    directory = tmp_path / "models"
    shutil.copytree(pushed.model, directory / "2000")
    from serving.model.holder import warm
    from serving.model.pushed_model import PushedModel

    later = warm(PushedModel(directory))
    try:
        holder.take(later)
        assert later.model.is_hidden("p7") and where(shop, "p7") == set()
        assert "p7" not in {item["product_id"] for item in later.popular}
        shop.change("UPDATE products SET available = 1 WHERE product_id = 'p7'")
        assert shop.server.table.look()
        assert not later.model.is_hidden("p7") and not before.model.is_hidden("p7")
    finally:
        holder.take(before)


_LONG = 15.0
"""Seconds; many times the time in which a change is looked for."""


def test_nothing_is_shown_that_has_long_been_sold_out(shop, pushed):
    """Random changes while requests of every kind run: the promise, at small size.

    How soon a change shows is measured by `benchmarks.serving.availability`: here others may compute as well.
    """
    products = [name for name in pushed.product_ids if name not in pushed.hidden]
    seen, until = [], time.monotonic() + 8.0

    def keep_asking(seed):
        rng = random.Random(seed)
        while time.monotonic() < until or (len(seen) < 40 and time.monotonic() < until + 60):
            user, top_k = f"u{rng.randrange(40)}", rng.choice([3, 10, 20])
            sent = time.monotonic()
            body, path = rng.choice(
                [
                    ({"user_id": user}, "/v1/recommendations"),
                    ({"user_id": user, "diversity": 0.4}, "/v1/recommendations"),
                    ({"user_id": user, "filters": {"colour": "blue"}}, "/v1/recommendations"),
                    ({"product_id": rng.choice(products)}, "/v1/similar"),
                    ({"text": "red"}, "/v1/search"),
                ]
            )
            answer = shop.client.post(path, json={**body, "top_k": top_k})
            items = answer.json()["items"]
            seen.append(Answered(sent, time.monotonic(), tuple(item["product_id"] for item in items)))

    with changing(shop.path, products, 0.02, 7) as changes:
        threads = [threading.Thread(target=keep_asking, args=(seed,)) for seed in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    late = lateness(changes, seen)
    assert len(seen) >= 40 and len(changes) > 50
    assert max(late, default=0.0) < _LONG
    assert any(change.available for change in changes)
