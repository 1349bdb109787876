"""The routes, over the real model and a real database."""

import re
import sqlite3
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from schema.source import open_source
from schema.source_settings import SourceSettings
from serving.database.live_history import LiveHistory
from serving.http.app import create_app
from serving.model.pushed_model import PushedModel

KNOWN = "u5"


def items_of(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def ids(answer):
    return [item["product_id"] for item in items_of(answer)]


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text
    body = answer.json()
    assert body["status"] == status
    return body["detail"]


def colours(pushed):
    path = pushed.url.removeprefix("sqlite:///")
    return dict(sqlite3.connect(path).execute("SELECT product_id, colour FROM products"))


def test_a_known_user_gets_what_the_command_line_gives(client, pushed):
    model = PushedModel(pushed.directory)
    with open_source(SourceSettings(url=pushed.url)) as source:
        queries, _ = LiveHistory(source, model.features, model.history_length).queries([KNOWN])
    expected = model.recommend(queries, 7, False)[0]
    answer = client.post("/v1/recommendations", json={"user_id": KNOWN, "top_k": 7}).json()
    assert answer["known_user"] is True and answer["model_version"] == "1000"
    assert answer["user_id"] == KNOWN and "fallback" not in answer
    assert [item["product_id"] for item in answer["items"]] == [item["product_id"] for item in expected]
    first, other = answer["items"][0], expected[0]
    assert first.pop("scores") == pytest.approx(other.pop("scores")) and first == pytest.approx(other)
    assert answer["timings_ms"].keys() == {"history", "model", "post_ranking"}


def test_a_stranger_gets_a_full_list(client):
    for request in ({}, {"user_id": "never seen"}, {"history": []}):
        answer = client.post("/v1/recommendations", json=request)
        assert len(set(ids(answer))) == 10 and answer.json()["known_user"] is False


def test_a_history_in_the_request_stands_in_for_that_of_the_database(client, pushed):
    colour = colours(pushed)
    for wanted in ("red", "blue"):
        bought = [name for name, value in colour.items() if value == wanted and name not in pushed.hidden]
        history = [
            {"product_id": name, "occurred_at": 1_699_000_000 + n} for n, name in enumerate(bought[:4])
        ]
        found = ids(client.post("/v1/recommendations", json={"history": history, "top_k": 4}))
        assert set(found) & set(bought[:4]), found
        without = {"history": history, "top_k": 20, "exclude_purchased": True}
        assert not set(ids(client.post("/v1/recommendations", json=without))) & set(bought[:4])


def test_filters_leave_out_and_preferences_come_first(client, pushed):
    colour = colours(pushed)
    request = {"user_id": KNOWN, "top_k": 8}
    red = ids(client.post("/v1/recommendations", json={**request, "filters": {"colour": "red"}}))
    assert len(red) == 8 and {colour[name] for name in red} == {"red"}
    both = ids(client.post("/v1/recommendations", json={**request, "filters": {"colour": ["red", "blue"]}}))
    assert both == ids(client.post("/v1/recommendations", json=request))
    blue = ids(client.post("/v1/recommendations", json={**request, "preferences": {"colour": "blue"}}))
    assert {colour[name] for name in blue} == {"blue"}


def test_wishes_are_sought_in_the_whole_catalogue(client, pushed):
    """The model ranks 20 candidates; the shop has 28 products that may be recommended."""
    stranger = {"history": [], "top_k": 9}
    cheap = ids(client.post("/v1/recommendations", json={**stranger, "filters": {"price": {"below": 7.6}}}))
    # prices are 1.5 + number; 4 and 5 are hidden, 0 has none
    assert sorted(cheap) == sorted(pushed.product_ids[number] for number in (1, 2, 3, 6))
    constraints = {"colour": "red", "price": {"at_least": 20}}
    wished = ids(client.post("/v1/recommendations", json={**stranger, "preferences": constraints}))
    expected = {pushed.product_ids[number] for number in range(20, 30, 2)}  # 27 has no price
    assert set(wished[: len(expected)]) == expected and len(wished) == 9


def test_what_was_bought_of_late_is_left_out(client, pushed):
    day, now = 86_400, 1_700_000_000
    history = [
        {"product_id": "p8", "occurred_at": now - 20 * day},
        {"product_id": "p10", "occurred_at": now - 3 * day},
        {"product_id": "p12", "occurred_at": now, "event_type": "view"},
    ]
    request = {"history": history, "top_k": 28}

    def found(**constraints):
        return set(ids(client.post("/v1/recommendations", json={**request, **constraints})))

    assert {"p8", "p10", "p12"} <= found()
    weights = PushedModel(pushed.directory).event_weights
    late = {"p10"} | ({"p12"} if weights.get("view", 1.0) > 0 else set())
    assert found() - found(exclude_purchased_days=14) == late
    assert found() - found(exclude_purchased_days=21) == late | {"p8"}


def test_diversity_mixes_categories(client, pushed):
    colour = colours(pushed)
    request = {"user_id": KNOWN, "top_k": 10}

    def mixed(strength):
        found = items_of(client.post("/v1/recommendations", json={**request, "diversity": strength}))
        assert [item["rank"] for item in found] == list(range(1, 11))
        return sum(colour[item["product_id"]] == "red" for item in found)

    plain = ids(client.post("/v1/recommendations", json=request))
    assert mixed(0.0) == sum(colour[name] == "red" for name in plain)
    assert abs(mixed(0.9) - 5) <= abs(mixed(0.0) - 5) and 0 < mixed(0.9) < 10


@pytest.mark.parametrize("number", range(4))
def test_odd_ids_come_back_as_they_are(client, pushed, number):
    product = pushed.product_ids[number]
    row = client.get("/v1/products/" + quote(product, safe="")).json()
    assert row["product_id"] == product and row["colour"] == ("red", "blue")[number % 2]
    assert product not in ids(client.post("/v1/similar", json={"product_id": product, "top_k": 5}))


def test_a_user_has_a_row_and_a_history(client, pushed):
    found = client.get(f"/v1/users/{KNOWN}").json()
    path = pushed.url.removeprefix("sqlite:///")
    rows = sqlite3.connect(path).execute(
        "SELECT product_id, occurred_at, event_type FROM events WHERE user_id = ? ORDER BY occurred_at",
        [KNOWN],
    )
    assert [tuple(event.values()) for event in found["history"]] == rows.fetchall()
    assert found["features"]["about"] == "likes blue things number 5"
    assert "no user" in problem(client.get("/v1/users/nobody"), 404)
    assert client.get("/v1/users?prefix=u1&limit=3").json() == {"users": ["u10", "u11", "u12"]}
    assert "limit: Input should be less" in problem(client.get("/v1/users?limit=1000"), 422)
    assert "no product" in problem(client.get("/v1/products/nothing"), 404)


def test_search_and_similar(client, pushed):
    colour = colours(pushed)
    found = ids(client.post("/v1/search", json={"text": "bleu", "top_k": 5}))
    assert len(found) == 5 and {colour[name] for name in found} == {"blue"}
    assert items_of(client.post("/v1/search", json={"text": "%%%"})) == []
    assert "knows no product" in problem(client.post("/v1/similar", json={"product_id": "nothing"}), 404)


@pytest.mark.parametrize(
    ("request_body", "told"),
    [
        ({"user": "u5"}, "user: Extra inputs"),
        ({"top_k": 0}, "top_k: Input should be greater"),
        ({"top_k": 201}, "top_k: at most 200"),
        ({"exclude_purchased_days": 0}, "exclude_purchased_days: Input should be greater"),
        ({"filters": {"price": {"under": 2}}}, "filters"),
        ({"diversity": 2}, "diversity: Input should be less"),
        ({"filters": {"size": "L"}}, "no such column: size. Known: colour, price, picture"),
        ({"context": {"shoe": 1}}, "context: no such column: shoe. Known: town, age, about"),
        ({"history": [{"product_id": "p7"}]}, "history.0.occurred_at: Field required"),
    ],
)
def test_a_mistake_is_told_as_a_problem_document(client, request_body, told):
    assert told in problem(client.post("/v1/recommendations", json=request_body), 422)


def test_unknown_routes_and_methods_are_problems_too(client):
    assert problem(client.get("/nothing"), 404) == "Not Found"
    assert problem(client.get("/v1/search"), 405) == "Method Not Allowed"
    broken = client.post("/v1/search", content=b"{", headers={"content-type": "application/json"})
    assert "JSON decode error" in problem(broken, 422)


def test_the_request_id_comes_back(client):
    assert client.get("/healthz", headers={"x-request-id": "mine-7"}).headers["x-request-id"] == "mine-7"
    assert len(client.get("/healthz", headers={"x-request-id": "x" * 500}).headers["x-request-id"]) == 32


def test_health_readiness_metrics_and_page(client):
    assert client.get("/healthz").json() == {"status": "ok"}
    # Users have a column of numbers, so the kernel asks the session for the vectors of queries.
    ready = {"status": "ready", "model_version": "1000", "executors": ["kernel", "session"]}
    assert client.get("/readyz").json() == ready
    text = client.get("/metrics").text
    assert 'towerline_requests_total{route="/readyz",status="200"}' in text
    assert "towerline_model_version 1000.0" in text
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    files = ("/", "/static/explorer.css", "/static/explorer.js", "/static/api.js", "/static/views.js")
    for text in (client.get(name).text for name in files):
        assert text and not set(re.findall(r"https?://[^\s\"']+", text)) - {"http://www.w3.org/2000/svg"}
    assert problem(client.get("/static/..%2Fapp.py"), 404) == problem(client.get("/static/no.js"), 404)


def test_a_large_body_is_refused(make_server):
    with TestClient(create_app(make_server(most_body_bytes=100))) as client:
        assert "at most 100 bytes" in problem(client.post("/v1/search", json={"text": "x" * 200}), 413)

        def parts():
            for _ in range(10):
                yield b" " * 50

        problem(client.post("/v1/search", content=parts()), 413)


def test_a_token_is_needed_but_for_health(make_server):
    with TestClient(create_app(make_server(token="s3cret"))) as client:
        assert "bearer token" in problem(client.post("/v1/search", json={"text": "red"}), 401)
        wrong = client.post("/v1/search", json={"text": "red"}, headers={"Authorization": "Bearer s3cre"})
        problem(wrong, 401)
        right = client.post("/v1/search", json={"text": "red"}, headers={"Authorization": "Bearer s3cret"})
        assert right.status_code == 200
        for path in ("/healthz", "/readyz", "/", "/static/api.js"):  # the page holds no data, and asks for it
            assert client.get(path).status_code == 200, path
        for path in ("/runs", "/metrics", "/openapi.json", "/v1/products", "/static"):
            problem(client.get(path), 401)


def test_when_the_time_is_over_popular_products_of_the_segment_are_answered(make_late_server, server):
    with TestClient(create_app(make_late_server())) as client:

        def ask(**request):
            return client.post("/v1/recommendations", json={"top_k": 5, **request}).json()

        towns = server.served().histories._segments["town"]
        assert set(towns) == {"Bonn", "Köln", "Ulm"}
        for town, bought in towns.items():
            answer = ask(context={"town": town}, diversity=0.5)
            assert answer["fallback"] == "popular_in_segment" and answer["segment"] == {"town": town}
            assert [item["product_id"] for item in answer["items"]] == [name for name, _ in bought[:5]]
            assert answer["items"][0]["reason"] == f"popular with town {town}"
            assert answer["not_applied"] == ["diversity"]
        answer = ask(user_id="u4")  # whose town the snapshot knows
        assert answer["segment"] == {"town": "Köln"} and "not_applied" not in answer
        without = ask(user_id="u4", exclude_purchased=True, top_k=20)
        history, _ = server.served().histories.question("u4", server.served().model.features, 1000)
        assert not {item["product_id"] for item in without["items"]} & set(history.product_ids)
        answer = ask(user_id="u7")  # who has no town
        assert answer["fallback"] == "popular"
        popular = [item["product_id"] for item in server.served().popular[:5]]
        assert [item["product_id"] for item in answer["items"]] == popular
        assert 'towerline_fallbacks_total{kind="popular"} 1.0' in client.get("/metrics").text


def test_without_the_database_users_keep_their_history(make_server, client, tmp_path):
    gone = make_server(url=f"sqlite:///{tmp_path}/gone.db")
    with TestClient(create_app(gone), raise_server_exceptions=False) as away:

        def ask(**request):
            return away.post("/v1/recommendations", json=request).json()

        there = client.post("/v1/recommendations", json={"user_id": KNOWN}).json()
        answer = ask(user_id=KNOWN)
        assert answer["fallback"] == "snapshot" and answer["known_user"] is True
        assert answer["items"] == there["items"]  # nothing has been bought since
        assert ask(user_id="never seen")["fallback"] == "no_history"
        history = [{"product_id": "p7", "occurred_at": "2023-11-01"}]
        answer = ask(history=history, diversity=0.5, top_k=3)
        assert answer["fallback"] == "snapshot" and len(answer["items"]) == 3
        # What wishes need of the products is pushed with the model.
        body = {"user_id": KNOWN, "filters": {"colour": "red"}, "diversity": 0.5}
        wished = [one.post("/v1/recommendations", json=body).json()["items"] for one in (client, away)]
        assert len(wished[0]) == 10 and wished[0] == wished[1]
        assert "gone.db" not in problem(away.get(f"/v1/users/{KNOWN}"), 503)
        assert 'towerline_fallbacks_total{kind="snapshot"} 3.0' in away.get("/metrics").text


def test_nothing_is_ready_before_a_model_is_pushed(make_server, tmp_path):
    empty = make_server(directory=tmp_path, load=False)
    with TestClient(create_app(empty)) as client:
        assert client.get("/healthz").status_code == 200
        assert problem(client.get("/readyz"), 503) == "No model is ready yet."
        problem(client.post("/v1/recommendations", json={}), 503)


def test_how_an_answer_came_about(client):
    request = {"user_id": KNOWN, "top_k": 5, "diversity": 0.4, "explain": True}
    answer = client.post("/v1/recommendations", json=request).json()
    assert answer["items"] == items_of(client.post("/v1/recommendations", json={**request, "explain": False}))
    how = answer["explain"]
    assert how["diversity"] == 0.4
    configured = client.post("/v1/recommendations", json={"user_id": KNOWN, "explain": True}).json()
    assert configured["explain"]["diversity"] == 0.0  # `post_ranking.diversity`
    assert how["history"] == len(client.get(f"/v1/users/{KNOWN}").json()["history"])
    assert sum(found["count"] for found in how["candidates"].values()) == 20  # `ranking.num_candidates`
    assert all(0 < len(found["items"]) <= found["count"] for found in how["candidates"].values())
    scores = [item["score"] for item in how["ranked"]]
    assert scores == sorted(scores, reverse=True) and [item["rank"] for item in how["ranked"]][:3] == [
        1,
        2,
        3,
    ]
    plain = client.post("/v1/recommendations", json={"user_id": KNOWN, "top_k": 5}).json()["items"]
    assert how["post_ranked"][:5] == plain
    named = {item["product_id"] for item in answer["items"]}
    assert named <= set(how["products"]) and how["products"]["p7"]["colour"] == "blue"
    assert "explain" not in client.post("/v1/recommendations", json={"user_id": KNOWN}).json()
