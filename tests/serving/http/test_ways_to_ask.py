"""Methods, proxies, origins and bodies: the guard around a small application."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from schema.features import FeatureColumn, Kind
from schema.rules import Range
from serving import problems
from serving.http.metrics import ServerMetrics
from serving.http.middleware import Guard
from serving.http.settings import ServerSettings
from serving.problems import ProblemError
from serving.recommend.recommending import check_conditions
from serving.recommend.requests import HistoryEvent, SearchRequest


def client(**settings):
    app = FastAPI(root_path=settings.get("root_path", ""))
    problems.install(app)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/v1/search")
    async def search(request: SearchRequest) -> dict[str, str]:
        return {"text": request.text}

    found = ServerSettings(**settings)
    return TestClient(Guard(app, found, ServerMetrics(lambda: 0, lambda: 1)))


def test_head_is_get_without_a_body():
    answer = client().head("/healthz")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len('{"status":"ok"}'))


def test_options_tell_the_methods_without_a_token():
    answer = client(token="secret").options("/v1/search")
    assert answer.status_code == 204
    assert answer.headers["allow"] == "GET, HEAD, POST, DELETE, OPTIONS"


@pytest.mark.parametrize("declared", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_that_is_not_declared_as_json(declared):
    headers = {} if declared is None else {"content-type": declared}
    answer = client().post("/v1/search", content=b'{"text": "tea"}', headers=headers)
    assert answer.status_code == 415
    assert (
        answer.json()["detail"] == f"Content-Type must be application/json. Received: {declared or 'none'}."
    )


def test_a_body_that_is_json_and_wrong_stays_422():
    assert client().post("/v1/search", json={"txt": "tea"}).status_code == 422
    assert client().post("/v1/search", json={"text": "tea"}).json() == {"text": "tea"}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (1_700_000_000, 1_700_000_000),
        (1_700_000_000_123, 1_700_000_000),
        (1_700_000_000_123_456, 1_700_000_000),
        (1_700_000_000_123_456_789, 1_700_000_000),
        (1_700_000_000.9, 1_700_000_000),
        ("2023-11-14T22:13:20Z", 1_700_000_000),
    ],
)
def test_stamps_of_a_history(sent, expected):
    assert HistoryEvent(product_id="p", occurred_at=sent).occurred_at == expected


@pytest.mark.parametrize("sent", [20240115, 20240115103000, float("nan"), -1, 10**30])
def test_stamps_that_are_none(sent):
    with pytest.raises(ValueError, match="occurred_at"):
        HistoryEvent(product_id="p", occurred_at=sent)


COLUMNS = {
    "price": FeatureColumn(name="price", kind=Kind.NUMBER),
    "colour": FeatureColumn(name="colour", kind=Kind.CATEGORY),
    "vector": FeatureColumn(name="vector", kind=Kind.EMBEDDING, dim=2),
}


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"colour": Range(below=3)}, "filters.colour: the column holds no numbers"),
        ({"price": "cheap"}, "filters.price: the column holds numbers. Received: 'cheap'"),
        ({"price": (1, "cheap")}, "filters.price: the column holds numbers. Received: 'cheap'"),
        ({"vector": 1}, "filters.vector: the column cannot be compared"),
    ],
)
def test_a_condition_that_nothing_can_meet_is_refused(wanted, told):
    with pytest.raises(ProblemError, match=told) as error:
        check_conditions("filters", wanted, COLUMNS)
    assert error.value.status == 422


def test_conditions_that_fit():
    check_conditions("filters", {"price": Range(below=3), "colour": ("red", 3), "unknown": 1}, COLUMNS)
    check_conditions("preferences", {"price": ("3", 4)}, COLUMNS)
