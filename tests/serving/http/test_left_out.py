"""What a request leaves out, and the cart that counts as the newest basket."""

import pytest

from schema.served.request import Query
from serving.recommend.questions import with_basket

KNOWN = "u5"


def ids(client, **body):
    answer = client.post("/v1/recommendations", json=body)
    assert answer.status_code == 200, answer.text
    return [item["product_id"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    "constraints",
    [{}, {"diversity": 0.5}, {"filters": {"colour": ["red", "blue"]}}, {"preferences": {"colour": "blue"}}],
)
def test_what_is_excluded_is_left_out_and_the_list_stays_full(client, constraints):
    whole = ids(client, user_id=KNOWN, top_k=28, **constraints)
    without = ids(client, user_id=KNOWN, top_k=5, exclude=[*whole[:3], "nobody knows it"], **constraints)
    assert len(without) == 5 and not set(without) & set(whole[:3])
    if "diversity" not in constraints:
        assert without == whole[3:8]
    all_but_one = ids(client, user_id=KNOWN, top_k=5, exclude=whole[1:], **constraints)
    assert all_but_one == whole[:1]


def test_the_cart_is_left_out_and_counts_as_bought_now(client, server):
    history = [{"product_id": "p8", "occurred_at": 1_699_000_000}]
    in_cart = ["p7", "p9", "p11"]
    found = ids(client, history=history, cart=in_cart, top_k=20)
    assert not set(found) & set(in_cart)
    bought = [*history, *({"product_id": name, "occurred_at": 1_700_000_001} for name in in_cart)]
    as_history = ids(client, history=bought, top_k=28)
    assert found == [name for name in as_history if name not in in_cart][:20]
    assert ids(client, history=[], cart=in_cart) != ids(client, history=[])  # it says something of a stranger


def test_a_basket_is_the_newest():
    query = Query("u", 100, ["a"], [50], ["view"], {"age": 3})
    assert with_basket(query, ["b", "c"], "purchase") == Query(
        "u", 101, ["a", "b", "c"], [50, 100, 100], ["view", "purchase", "purchase"], {"age": 3}
    )


def test_filters_are_denied(client, pushed):
    whole = ids(client, user_id=KNOWN, top_k=28)
    red = set(ids(client, user_id=KNOWN, top_k=28, filters={"colour": "red"}))
    others = ids(client, user_id=KNOWN, top_k=28, filters={"colour": {"not": "red"}})
    assert others == [name for name in whole if name not in red]
    # prices are 1.5 + number; 4 and 5 are hidden, and every ninth has none
    cheap_or_dear = {"price": [{"below": 3}, {"at_least": 29.5}]}
    assert set(ids(client, top_k=28, filters=cheap_or_dear)) == {
        pushed.product_ids[number] for number in (1, 28, 29)
    }
    neither = {"price": {"not": [{"below": 3}, {"at_least": 29.5}]}}
    assert set(ids(client, top_k=28, filters=neither)) == set(whole) - {
        pushed.product_ids[n] for n in (1, 28, 29)
    }


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"exclude": "p7"}, "exclude: Input should be a valid list"),
        ({"cart": [None]}, "cart.0: Input should be a valid string"),
        ({"filters": {"colour": {"not": {"below": 2}}}}, "filters.colour: the column holds no numbers"),
        (
            {"filters": {"price": [1, {"not": "cheap"}]}},
            "filters.price: the column holds numbers. Received: 'cheap'",
        ),
        ({"filters": {"price": {"under": 1}}}, "filters.price: Value error, an object is a range"),
        ({"filters": {"size": {"not": 1}}}, "no such column: size"),
    ],
)
def test_mistakes(client, body, told):
    answer = client.post("/v1/recommendations", json=body)
    assert answer.status_code == 422 and told in answer.json()["detail"]


def test_the_fall_back_leaves_out_too(make_late_server):
    from fastapi.testclient import TestClient

    from serving.http.app import create_app

    with TestClient(create_app(make_late_server())) as client:
        whole = ids(client, top_k=10)
        assert ids(client, top_k=5, exclude=whole[:2], cart=whole[3:4]) == [whole[2], *whole[4:8]]
