"""The trace of every product for some users, beside what the other signatures say of them."""

import numpy as np
import pytest

from components.evaluation.examples import read_split
from components.evaluation.served import query_batches
from schema.served import tracing
from schema.served.request import Query, encode_queries

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

RULES = [
    {"action": "never", "where": {"price": {"below": 6}}, "name": "too cheap"},
    {"action": "boost", "where": {"product_id": ["p20", "p21"]}, "amount": 2},
    {"action": "only", "where": {"colour": "red"}, "users": {"town": "Ulm"}, "name": "red for Ulm"},
    {"action": "at_most", "of": "colour", "count": 4, "name": "few of a colour"},
    {"action": "pin", "position": 2, "where": {"product_id": "p9"}, "name": "the offer"},
]
SETTINGS = {
    "rules": RULES,
    "popularity_discount": 0.1,
    "diversity": 0.4,
    "calibration": 0.2,
    "exclude_purchased": "10d",
    "cold_start": "segment",
}
EVERYTHING = 60
OFF = {"without_rules": [False] * len(RULES), "without_exclusion": False}


@pytest.fixture(scope="module")
def asking(trained_shop):
    """Users of the test split, one of Ulm, a stranger; `ask(recommender, method, user, count, **inputs)`."""
    features, length = trained_shop.plan.features, trained_shop.plan.config.split.history_length
    table = read_split(str(trained_shop.directory / "raw"), "test")
    known = [query for batch in query_batches(table, features) for query in batch]
    queries = sorted(known, key=lambda query: query.features.get("town") != "Ulm")[:1] + known[-2:]
    queries.append(Query("stranger", queries[0].query_time))

    def ask(recommender, method, number, count=1, **more):
        inputs = encode_queries(features, [queries[number]] * count, length)
        given = {name: tf.constant(value) for name, value in (inputs | more).items()}
        owner = recommender.tracer if method == "explain" else recommender
        return {name: value.numpy() for name, value in getattr(owner, method)(**given).items()}

    return range(len(queries)), ask


def listing(top_k=EVERYTHING, exclude=False, diversity=0.4):
    return {
        "top_k": np.int64(top_k),
        "exclude_purchased": exclude,
        "diversity": np.float32(diversity),
    }


def explained(ask, recommender, user, products, more=OFF, **options):
    ids = np.array([product.encode() for product in products], object)
    found = ask(recommender, "explain", user, len(products), product_id=ids, **listing(**options), **more)
    lists = {name: value for name, value in found.items() if not name.startswith(tracing.PREFIX)}
    traces = {
        name.removeprefix(tracing.PREFIX): value
        for name, value in found.items()
        if name.startswith(tracing.PREFIX)
    }
    return lists, traces


def shown(outputs):
    return [name.decode() for name in outputs["product_id"][0] if name]


@pytest.fixture(scope="module", params=["plain", "with everything"])
def made(request, compose, asking, trained_shop):
    """A recommender, and of each user the lists of all signatures and the traces of all that is available."""
    settings = SETTINGS if request.param == "with everything" else {}
    recommender = compose(**settings)
    users, ask = asking
    products = [name for name in trained_shop.product_ids if name not in trained_shop.hidden]
    more = OFF if settings else OFF | {"without_rules": np.zeros(0, np.bool_)}
    found = []
    for user in users:
        lists, traces = explained(ask, recommender, user, products, more)
        plain = ask(recommender, "recommend", user, **listing())
        ranked = ask(recommender, "rank", user, exclude_purchased=False)
        candidates = ask(recommender, "retrieve", user)
        found.append((lists, traces, plain, ranked, candidates))
    return products, found


def test_the_lists_are_those_of_recommend(made):
    _, found = made
    for lists, _, plain, *_ in found:
        for name, values in plain.items():
            for row in lists[name]:
                if values.dtype == object:
                    assert row.tolist() == values[0].tolist(), name
                else:
                    np.testing.assert_allclose(row, values[0], atol=1e-5, err_msg=name)


def test_the_last_step_gives_the_places_in_the_list(made):
    products, found = made
    for _, traces, plain, *_ in found:
        listed = shown(plain)
        expected = [1 + listed.index(name) if name in listed else 0 for name in products]
        np.testing.assert_array_equal(traces["step_rank"][:, -1], expected)
        assert traces["is_known"].all() and not traces["is_hidden"].any()


def test_candidates_are_those_of_retrieve(made):
    products, found = made
    for _, traces, _, _, candidates in found:
        np.testing.assert_array_equal(traces["is_candidate"], np.isin(products, shown(candidates)))


def test_ranks_of_candidates_are_those_of_rank(made):
    products, found = made
    for _, traces, _, ranked, _ in found:
        order = shown(ranked)
        scores = dict(zip(order, ranked["score"][0], strict=False))
        forbidden = {name for place, name in enumerate(products) if traces["is_named"][place][:1].any()}
        kept = [name for name in order if name not in forbidden]
        assert len(kept) > 10
        for name in kept:
            place = products.index(name)
            assert traces["ranker_rank"][place] == 1 + kept.index(name)
            np.testing.assert_allclose(traces["score_of_it"][place], scores[name], atol=1e-4)


def test_the_parts_of_the_score_add_up(made):
    _, found = made
    for _, traces, *_ in found:
        total = traces["contributions"].sum(axis=1) + traces["anchor_contribution"]
        np.testing.assert_allclose(total, traces["score_of_it"] - traces["mean_score"], atol=1e-4)


def test_who_has_no_history_is_told_so(made):
    _, found = made
    assert [bool(traces["is_cold"][0]) for _, traces, *_ in found] == [False, False, False, True]


def without(number):
    return {**SETTINGS, "rules": [rule for place, rule in enumerate(RULES) if place != number]}


@pytest.fixture(scope="module")
def strict(compose, asking):
    """The recommender with everything, and its lists."""
    users, ask = asking
    recommender = compose(**SETTINGS)
    return recommender, {user: shown(ask(recommender, "recommend", user, **listing())) for user in users}


def differs(strict, other, ask, more):
    """Whether another recommender gives other lists; what the trace gives is held to it."""
    recommender, lists = strict
    found = {user: shown(ask(other, "recommend", user, **listing())) for user in lists}
    for user, expected in found.items():
        assert shown(explained(ask, recommender, user, ["p20"], more)[0]) == expected
    return found != lists


@pytest.mark.parametrize("number", range(len(RULES)))
def test_without_a_rule_it_is_as_if_there_were_none(compose, asking, strict, number):
    ignored = {"without_rules": [place == number for place in range(len(RULES))], "without_exclusion": False}
    assert differs(strict, compose(**without(number)), asking[1], ignored)


def test_without_the_exclusion_what_was_bought_comes_back(compose, asking, strict):
    free = compose(**{**SETTINGS, "exclude_purchased": "off"})
    assert differs(strict, free, asking[1], OFF | {"without_exclusion": True})


def test_a_product_that_nobody_knows_is_unknown(compose, asking):
    _, ask = asking
    recommender = compose()
    more = OFF | {"without_rules": np.zeros(0, np.bool_)}
    lists, traces = explained(ask, recommender, 0, ["nothing"], more)
    assert not traces["is_known"][0] and not traces["is_hidden"][0]
    assert shown(lists) == shown(ask(recommender, "recommend", 0, **listing()))
