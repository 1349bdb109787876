"""Rules and diversity in the SavedModel, made by the assembler from the models of the small shop."""

import json
import sqlite3

import pytest

from schema import names
from schema.served.request import Query
from schema.source import open_source
from schema.source_settings import SourceSettings
from serving.database.live_history import LiveHistory

RULES = [
    {"action": "never", "where": {"price": {"below": 10}}},
    {"action": "pin", "position": 2, "where": {"product_id": "p9"}, "name": "the offer"},
    {"action": "only", "where": {"colour": "red"}, "users": {"town": "Ulm"}, "name": "red for Ulm"},
]
USERS = ("u3", "u4", "u6")
NOW = 1_700_000_000


@pytest.fixture(scope="module")
def ask(trained_shop):
    def lists(model, top_k, diversity=None):
        with open_source(SourceSettings(url=f"sqlite:///{trained_shop.directory}/shop.db")) as source:
            queries, _ = LiveHistory(source, model.features, model.history_length).queries(list(USERS))
        ranked = model.ranked(queries, top_k, False, diversity)
        return {user: ranked.items(row) for row, user in enumerate(USERS)}

    return lists


@pytest.fixture(scope="module")
def catalogue(trained_shop):
    rows = sqlite3.connect(trained_shop.directory / "shop.db").execute(
        "SELECT product_id, colour, price FROM products"
    )
    return {product: (colour, price) for product, colour, price in rows}


def test_rules_hold_in_the_served_model(assemble, ask, catalogue):
    found = ask(assemble(rules=RULES), 8)
    for user, items in found.items():
        ids = [item["product_id"] for item in items]
        assert len(set(ids)) == 8 and ids[1] == "p9", user  # blue and without a price
        assert items[1]["source"] == "rule" and items[1]["reason"] == "put here by the offer"
        assert all((catalogue[name][1] or 99) >= 10 for name in ids), user
    for user in ("u3", "u6"):  # of Ulm; the shop has ten red products that are dear enough
        assert {catalogue[item["product_id"]][0] for item in found[user] if item["rank"] != 2} == {"red"}
    assert "blue" in {catalogue[item["product_id"]][0] for item in ask(assemble(), 8)["u3"]}


@pytest.fixture(scope="module")
def unlike(assemble):
    """Strength -> the model that has it."""
    return {strength: assemble(diversity=strength) for strength in (0.0, 0.9)}


def test_diversity_brings_the_other_colour(unlike, ask, catalogue):
    plain, mixed = (ask(unlike[strength], 10) for strength in (0.0, 0.9))

    def share(items):
        red = sum(catalogue[item["product_id"]][0] == "red" for item in items) / len(items)
        return min(red, 1 - red)

    assert sum(map(share, mixed.values())) > sum(map(share, plain.values()))
    assert all(plain[name][0]["product_id"] == mixed[name][0]["product_id"] for name in plain)


def test_a_request_gets_what_a_model_of_its_diversity_gives(unlike, ask):
    for configured, asked in ((0.0, 0.9), (0.9, 0.0), (0.9, 0.9)):
        assert unlike[configured].diversity == configured
        assert ask(unlike[configured], 10, asked) == ask(unlike[asked], 10)
    assert ask(unlike[0.0], 10, 0.9) != ask(unlike[0.0], 10)


@pytest.fixture(scope="module")
def lively(assemble):
    """Everything at once that is off by default."""
    return assemble(
        calibration=0.3, exploration=0.4, freshness_boost=0.5, diversity="auto", cold_start="segment"
    )


def test_lists_are_drawn_and_say_with_what_chance(lively, ask):
    found = ask(lively, 10)
    assert found == ask(lively, 10)
    for items in found.values():
        assert all(0 < item["propensity"] <= 1 for item in items)
        assert min(item["propensity"] for item in items) < 0.99
        known = [item["scores"] for item in items if item["scores"]["ranker"] is not None]
        assert known and all(-1.001 <= scores["two_tower"] <= 1.001 for scores in known)


def test_a_short_list_is_the_beginning_of_a_long_one(lively, ask):
    long, short = ask(lively, 20), ask(lively, 5)
    for user, items in short.items():
        assert [item["product_id"] for item in long[user][:5]] == [item["product_id"] for item in items]


def test_without_exploration_nothing_is_drawn(assemble, ask):
    items = ask(assemble(), 10)["u3"]
    assert {item["propensity"] for item in items} == {1.0}


@pytest.fixture(scope="module")
def careful(assemble):
    return assemble(cold_start="segment", exclude_purchased="14d")


def test_what_was_bought_within_the_days_does_not_come_back(careful):
    ages = {"p8": 20, "p10": 3, "p12": 13.9, "p14": 14.1}
    times = [int(NOW - days * 86_400) for days in ages.values()]
    query = Query("u8", NOW, list(ages), times, ["purchase"] * 4)
    everything, never = (
        {item["product_id"] for item in careful.recommend([query], 30, always)[0]} for always in (False, True)
    )
    assert len(everything) == 26 and not everything & {"p10", "p12"}  # two of thirty are hidden
    assert everything - never == {"p8", "p14"}


def test_who_has_no_history_gets_what_is_popular(careful, trained_shop):
    history = Query("u3", NOW, ["p9"], [NOW - 100_000], ["purchase"])
    stranger, known = careful.recommend([Query("new", NOW), history], 10, False)
    counts = dict(
        sqlite3.connect(trained_shop.directory / "shop.db").execute(
            "SELECT product_id, COUNT(DISTINCT user_id) FROM events WHERE event_type = 'purchase' "
            "AND product_id NOT IN ('p4', 'p5') GROUP BY product_id"
        )
    )
    # the popular third of the shop; counted are the last four windows before the test window
    popular = sorted(counts, key=counts.get, reverse=True)[: len(counts) // 2]
    ids = [item["product_id"] for item in stranger]
    assert len(set(ids)) == 10 and len(set(ids) & set(popular)) >= 7
    assert {item["source"] for item in stranger} == {"popular"}
    assert [item["product_id"] for item in known] != ids


def test_what_was_chosen_stands_beside_the_model(lively):
    metadata = json.loads((lively.folder / names.SERVING_METADATA).read_text())
    measured = {float(strength): value for strength, value in metadata["diversity_ndcg"].items()}
    assert metadata["diversity"] in measured
    assert measured[metadata["diversity"]] >= (1 - 0.003) * measured[0.0]
