"""Why and why not, over the real model and a real database; every change that is told is applied."""

import itertools

import numpy as np
import pytest
from fastapi.testclient import TestClient

from schema.served.request import Query, encode_queries
from serving.http.app import create_app
from serving.model.tracing import TraceSubject, WhatIf, ranked_if

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

RULES = [
    {"action": "never", "where": {"price": {"below": 4}}, "name": "too cheap"},
    {"action": "at_most", "of": "colour", "count": 3, "name": "few of a colour"},
    {"action": "pin", "position": 1, "where": {"product_id": "p9"}, "name": "the offer"},
]
SETTINGS = {
    "rules": RULES,
    "diversity": 0.3,
    "popularity_discount": 0.1,
    "exclude_purchased": "10d",
    "cold_start": "segment",
}
USERS = ("u5", "u8", "u13", None)
REQUESTS = (
    {"top_k": 3},
    {"top_k": 4, "diversity": 0.8},
    {"top_k": 5, "exclude_purchased": True},
    {"top_k": 3, "filters": {"colour": ["red", "green"]}, "exclude": ["p6", "p7", "p8"], "cart": ["p10"]},
    {"top_k": 4, "exclude_purchased_days": 30, "filters": {"price": {"at_least": 8}}},
)


def explain(client, product_id, **request):
    answer = client.post("/v1/explain", json={"product_id": product_id, **request})
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(client, **request):
    answer = client.post("/v1/recommendations", json=request)
    assert answer.status_code == 200, answer.text
    return [item["product_id"] for item in answer.json()["items"]]


@pytest.fixture(scope="module")
def ruled(write_model, make_server, tmp_path_factory):
    """A client of a model with rules, and its server."""
    folder = tmp_path_factory.mktemp("ruled")
    write_model(folder, **SETTINGS)
    server = make_server(directory=folder)
    with TestClient(create_app(server)) as client:
        yield client, server


@pytest.fixture(scope="module")
def without(compose):
    """`without(rules, exclusion)`: the list of a model made anew without some rules, or the exclusion."""
    made = {}

    def ask(model, query, request, rules, exclusion):
        key = (tuple(sorted(rules)), exclusion)
        if key not in made:
            kept = [rule for rule in RULES if rule["name"] not in rules]
            settings = SETTINGS | {"rules": kept} | ({"exclude_purchased": "off"} if exclusion else {})
            made[key] = compose(**settings)
        inputs = encode_queries(model.features, [query], model.history_length)
        found = made[key].recommend(
            **{name: tf.constant(value) for name, value in inputs.items()},
            top_k=tf.constant(request["top_k"], tf.int64),
            exclude_purchased=tf.constant(request.get("exclude_purchased", False)),
            diversity=tf.constant(request.get("diversity", SETTINGS["diversity"]), tf.float32),
        )
        return [name.decode() for name in found["product_id"].numpy()[0] if name]

    return ask


def history_of(client, server, user, product, count):
    """The history of a user with further purchases just now, and the features that go with it."""
    read = client.get(f"/v1/users/{user}").json() if user else {"history": [], "features": {}}
    more = {"product_id": product, "occurred_at": server.shop.now(), "event_type": "purchase"}
    context = {name: value for name, value in read["features"].items() if value is not None}
    return {"history": [*read["history"], *[more] * count], "context": context}


def applied(ruled, without, product, request, steps):
    """The list after some steps, each taken as an operator or a client would."""
    client, server = ruled
    model, request = server.holder.served.model, dict(request)
    by_kind = {
        kind: [step for step in steps if step["kind"] == kind]
        for kind in ("request", "purchases", "available", "rule", "configuration")
    }
    assert sum(map(len, by_kind.values())) == len(steps)
    for step in by_kind["request"]:
        request |= step["request"]
        request = {name: value for name, value in request.items() if value is not None}
    for step in by_kind["purchases"]:
        request |= history_of(client, server, request.get("user_id"), product, step["count"])
    if by_kind["rule"] or by_kind["configuration"]:
        assert not by_kind["available"] and not {"filters", "exclude", "cart"} & set(request)
        query, _ = server.shop.question(request.get("user_id") or "", model.features, model.history_length)
        if by_kind["purchases"]:
            events = request["history"]
            columns = zip(*(event.values() for event in events), strict=True)
            query = Query(query.user_id, query.query_time + 1, *columns, query.features)
        rules = [step["rule"] for step in by_kind["rule"]]
        return without(model, query, request, rules, bool(by_kind["configuration"]))
    if not by_kind["available"]:
        return listed(client, **request)
    hidden = np.isin(model.catalogue.product_ids.to_pylist(), [name.decode() for name in model.hidden_ids])
    model.hide(hidden & (np.array(model.catalogue.product_ids.to_pylist()) != product))
    try:
        return listed(client, **request)
    finally:
        model.hide(hidden)


@pytest.mark.parametrize("number", range(len(REQUESTS)))
def test_every_change_brings_the_product_in(ruled, without, pushed, number):
    client, _ = ruled
    kinds, tried = set(), 0
    users = itertools.cycle(USERS)
    for product in pushed.product_ids[number % 2 :: 2]:
        request = {
            name: value for name, value in (("user_id", next(users)), *REQUESTS[number].items()) if value
        }
        answer = explain(client, product, **request)
        shown = listed(client, **request)
        assert answer["in_list"] == (product in shown)
        if answer["in_list"]:
            assert shown[answer["rank"] - 1] == product and answer["changes"] == []
            continue
        assert answer["changes"] or answer["notes"], answer
        for change in answer["changes"]:
            made = {step["kind"] for step in change["steps"]}
            if made & {"rule", "configuration"} and (
                "available" in made or {"filters", "exclude", "cart", "exclude_purchased_days"} & set(request)
            ):
                continue  # nothing of the kind can be made here
            found = applied(ruled, without, product, request, change["steps"])
            assert found[change["rank"] - 1] == product, (answer["verdict"], change)
            kinds |= made
            tried += 1
    assert tried > 8 and len(kinds) > 1


@pytest.mark.parametrize("user", ["u5", "nobody"])
def test_the_list_is_tried_as_if_the_product_had_come_back(ruled, pushed, user):
    """Hidden when the model was made, or since: the same as the model gives once it is not hidden."""
    model, ids = ruled[1].holder.served.model, np.array(pushed.product_ids)
    query, _ = ruled[1].shop.question(user, model.features, model.history_length)
    order = model.catalogue.product_ids.to_pylist()
    away = {*pushed.hidden, *ids[8::5]}

    def hide(products):
        model.hide(np.isin(order, list(products)))

    try:
        for product in sorted(away):
            hide(away)
            subject = TraceSubject(query, product, exclude_purchased=False)
            found = ranked_if(model, subject, 30, None, WhatIf()).product_ids(0)
            hide(away - {product})
            assert found == model.ranked([query], 30, False).product_ids(0)
            assert product in found or user == "u5"
    finally:
        hide(pushed.hidden)


def stages(answer):
    return {stage["stage"]: stage for stage in answer["stages"]}


def test_what_cannot_be_had_is_said_first(ruled, pushed):
    client, _ = ruled
    answer = explain(client, pushed.hidden[1], user_id="u5")
    assert answer["verdict"]["stage"] == "availability" and not answer["in_list"]
    assert all(change["steps"][0]["kind"] == "available" for change in answer["changes"])
    assert {"retrieval", "preranker", "ranker", "list"} <= stages(answer).keys()


def test_a_rule_is_named(ruled):
    answer = explain(ruled[0], "größe 日本", user_id="u5")
    assert answer["verdict"] == {"stage": "rules", "text": "the rule “too cheap” forbids it"}
    assert answer["changes"][0]["steps"][0] == {
        "kind": "rule",
        "text": "push a model without the rule “too cheap”",
        "rule": "too cheap",
    }


def test_what_was_bought_is_said_with_the_setting_that_leaves_it_out(client):
    bought = client.get("/v1/users/u5").json()["history"]
    product = next(e["product_id"] for e in reversed(bought) if e["event_type"] == "purchase")
    count = sum(e["product_id"] == product and e["event_type"] == "purchase" for e in bought)
    answer = explain(client, product, user_id="u5", exclude_purchased=True)
    assert answer["verdict"]["stage"] == "purchased"
    assert answer["verdict"]["text"].startswith("bought once" if count == 1 else f"bought {count} times")
    assert answer["changes"][0]["steps"][0]["request"] == {"exclude_purchased": False}


def test_what_the_request_leaves_out_and_filters_are_all_named(client):
    request = {"user_id": "u5", "exclude": ["p7"], "filters": {"colour": "red", "price": {"below": 5}}}
    answer = explain(client, "p7", **request)
    texts = [stage["text"] for stage in answer["stages"]][:2]
    assert texts == [
        "the request excludes it",
        "it does not meet the filter on `colour` (it is blue) and `price` (it is 8.5)",
    ]
    steps = answer["changes"][0]["steps"]
    assert [step["request"] for step in steps[:2]] == [{"exclude": []}, {"filters": None}]


def test_diversity_is_named_with_the_ranks(client):
    plain = listed(client, user_id="u5", top_k=5, diversity=0)
    mixed = listed(client, user_id="u5", top_k=5, diversity=0.9)
    (gone, *_) = [name for name in plain if name not in mixed]
    answer = explain(client, gone, user_id="u5", top_k=5, diversity=0.9)
    assert answer["verdict"]["stage"] == "post_ranking"
    assert answer["verdict"]["text"].startswith(f"diversity moved it from rank {plain.index(gone) + 1} to")
    assert any("diversity" in step.get("request", {}) for c in answer["changes"] for step in c["steps"])


def test_the_list_itself_is_explained_largest_contributions_first(client):
    first = listed(client, user_id="u5")[0]
    answer = explain(client, first, user_id="u5")
    assert answer["in_list"] and answer["rank"] == 1 and answer["changes"] == []
    values = [part["contribution"] for part in answer["score"]["contributions"]]
    assert sorted(values, key=abs, reverse=True) == values
    difference = answer["score"]["score"] - answer["score"]["baseline"]
    assert sum(values) == pytest.approx(difference, abs=1e-4)
    assert answer["ages_s"].keys() == {"history", "availability", "statistics", "model"}


def test_a_product_that_nobody_knows(client):
    answer = explain(client, "never heard of", user_id="u5")
    assert answer["verdict"]["stage"] == "product" and answer["score"] is None and answer["changes"] == []
    assert "nobody knows such a product" in answer["verdict"]["text"]


def test_a_new_product_is_placed_by_the_towers_alone(make_server):
    server = make_server()
    with TestClient(create_app(server)) as client:
        features = {"colour": "blue", "price": 12.5, "picture": [1.0, 0.5, 0.0]}
        body = {"product_id": "just in", "features": features}
        assert client.post("/v1/products", json=body).status_code == 201
        answer = explain(client, "just in", user_id="u5", top_k=1, filters={"colour": "red"})
        assert answer["score"] is None and "newer than the model" in stages(answer)["side_index"]["text"]
        assert answer["verdict"]["stage"] == "filters"
        assert any("no score" in note for note in answer["notes"])
        tried = 0
        for change in answer["changes"]:
            request = {"user_id": "u5", "top_k": 1}
            for step in change["steps"]:
                request |= {name: value for name, value in step["request"].items() if value is not None}
            assert listed(client, **request)[change["rank"] - 1] == "just in"
            tried += 1
        assert tried
        hidden = {"product_id": "not yet", "features": features, "available": False}
        assert client.post("/v1/products", json=hidden).status_code == 201
        assert explain(client, "not yet", user_id="u5")["verdict"]["stage"] == "availability"


def test_a_stranger_is_told_that_nothing_is_known(client):
    answer = explain(client, "p12", user_id="nobody")
    assert answer["known_user"] is False
    assert any("no history" in note for note in answer["notes"])


def test_the_fall_back_says_that_it_is_one(trained_shop, make_server, tmp_path):
    import shutil

    shutil.copytree(trained_shop.classic, tmp_path / "models" / "7")
    with TestClient(create_app(make_server(directory=tmp_path / "models"))) as client:
        answer = explain(client, "p12", user_id="u5")
        assert any("fall-back" in note for note in answer["notes"])
        others = [part for part in answer["score"]["contributions"] if part["group"] != "anchor"]
        assert all(part["contribution"] == pytest.approx(0, abs=1e-6) for part in others)


def test_mistakes_are_problems(client):
    for body, status in (
        ({"user_id": "u5"}, 422),
        ({"product_id": "p7", "top_k": 100_000}, 422),
        ({"product_id": "p7", "filters": {"size": 1}}, 422),
        ({"product_id": "p7", "explain": True}, 422),
    ):
        answer = client.post("/v1/explain", json=body)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
