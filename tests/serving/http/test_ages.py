"""How old the parts of an answer are, and when that is too old."""

import sqlite3
import time
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from schema.source import open_source
from schema.source_settings import SourceSettings
from serving.database.shop import Shop
from serving.http.ages import Ages, beyond
from serving.http.app import create_app
from serving.http.settings import MaxAges

DAY = 86_400.0


def served(made=3 * DAY, statistics=5 * DAY, snapshot=7 * DAY):
    now = time.time()
    return SimpleNamespace(
        model=SimpleNamespace(made_at=now - made, statistics_until=now - statistics),
        histories=SimpleNamespace(now=lambda: now - snapshot),
    )


def ages(history, availability):
    shop, table = SimpleNamespace(history_age=lambda: history), SimpleNamespace(age=lambda: availability)
    return Ages(shop, table)


def test_each_part_has_its_own_age():
    assert ages(0.0, 1.5).of_products(served()) == pytest.approx(
        {"availability": 1.5, "statistics": 5 * DAY, "model": 3 * DAY}, abs=2
    )
    assert ages(0.0, None).of_products(served())["availability"] == pytest.approx(3 * DAY, abs=2)


@pytest.mark.parametrize(("fallback", "expected"), [(None, 0.0), ("snapshot", 7 * DAY), ("popular", 7 * DAY)])
def test_a_history_is_of_now_or_of_the_snapshot(fallback, expected):
    assert ages(0.0, 1.0).of_answer(served(), fallback)["history"] == pytest.approx(expected, abs=2)


@pytest.mark.parametrize(("history", "expected"), [(0.0, 0.0), (40.0, 40.0), (None, 7 * DAY)])
def test_histories_of_the_server(history, expected):
    assert ages(history, 1.0).of_server(served())["history"] == pytest.approx(expected, abs=2)


def test_what_is_too_old_is_told():
    limits = MaxAges(availability=30, model=7 * DAY)
    assert beyond({"history": 1e9, "availability": 30.0, "statistics": 1e9, "model": 5.0}, limits) == ""
    told = beyond({"availability": 3131.4, "model": 8 * DAY}, limits)
    assert told == (
        "availability: 3,131 s old, and `serve.max_ages_s.availability` allows 30 s; "
        "model: 691,200 s old, and `serve.max_ages_s.model` allows 604,800 s"
    )


def test_a_shop_knows_since_when_its_database_is_away(tmp_path):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE products (product_id TEXT)")
        connection.execute("CREATE TABLE events (user_id TEXT, product_id TEXT, occurred_at INTEGER)")
    connection.close()
    shop = Shop(lambda: open_source(SourceSettings(url=f"sqlite:///{path}")), 60)
    assert shop.history_age() == 0.0
    shop.product_rows(["a"])
    path.rename(tmp_path / "gone.db")
    broken = Shop(lambda: open_source(SourceSettings(url=f"sqlite:///{path}")), 60)
    broken.connect()
    assert broken.history_age() is None
    (tmp_path / "gone.db").rename(path)
    broken.product_rows(["a"])
    assert broken.history_age() == 0.0


def test_answers_and_metrics_say_it(client):
    parts = ["history", "availability", "statistics", "model"]
    for path, body, expected in (
        ("/v1/recommendations", {}, parts),
        ("/v1/similar", {"product_id": "p7"}, parts[1:]),
        ("/v1/search", {"text": "red"}, parts[1:]),
    ):
        found = client.post(path, json=body).json()["ages_s"]
        assert list(found) == expected and all(age >= 0 for age in found.values())
        assert found["statistics"] == pytest.approx(time.time() - 1_700_000_001, abs=30)
    text = client.get("/metrics").text
    assert all(f'towerline_age_seconds{{part="{part}"}}' in text for part in parts)


def test_beyond_a_limit_the_server_is_not_ready(make_server):
    with TestClient(create_app(make_server(max_ages_s={"statistics": 3600}))) as client:
        answer = client.get("/readyz")
        assert answer.status_code == 503 and "statistics: " in answer.json()["detail"]
        assert "`serve.max_ages_s.statistics` allows 3,600 s" in answer.json()["detail"]
        assert client.post("/v1/recommendations", json={}).status_code == 200  # it answers nevertheless
    with TestClient(create_app(make_server(max_ages_s={"availability": 3600}))) as client:
        assert client.get("/readyz").status_code == 200
