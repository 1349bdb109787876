"""The generated fashion shop is of another character than groceries, and the same each time."""

from __future__ import annotations

from collections import Counter

import pytest

from pipeline.demo.fashion import make_fashion, write_fashion
from schema.errors import UserError
from schema.names import SECONDS_PER_DAY
from schema.source import open_source
from schema.source_settings import SourceSettings


def nothing(*_):
    pass


@pytest.fixture(scope="module")
def shop():
    return make_fashion(120, 150, nothing)


@pytest.fixture(scope="module")
def events(shop):
    return shop["events"].to_pylist()


def test_the_same_each_time(shop):
    again = make_fashion(120, 150, nothing)
    assert all(again[name].equals(table) for name, table in shop.items())


def test_views_lead_to_carts_and_carts_to_purchases(events):
    counts = Counter(event["event_type"] for event in events)
    assert counts["view"] > 2 * counts["cart"] and counts["cart"] > 1.5 * counts["purchase"]
    assert counts["purchase"] > 3 * counts["return"] > 0
    seen = {(event["user_id"], event["product_id"]) for event in events if event["event_type"] == "cart"}
    bought = {
        (event["user_id"], event["product_id"]) for event in events if event["event_type"] == "purchase"
    }
    assert bought <= seen


def test_what_comes_back_was_bought(events):
    bought = {}
    for event in events:
        key = event["user_id"], event["product_id"]
        if event["event_type"] == "purchase":
            bought.setdefault(key, event["occurred_at"])
        if event["event_type"] == "return":
            assert event["occurred_at"] >= bought[key] + 5 * SECONDS_PER_DAY


def test_few_buy_the_same_twice(events):
    times = Counter((e["user_id"], e["product_id"]) for e in events if e["event_type"] == "purchase")
    assert sum(count > 1 for count in times.values()) < 0.15 * len(times)


def test_promotions_are_cheaper_and_wanted(shop, events):
    prices = dict(zip(*(shop["products"][name].to_pylist() for name in ("product_id", "price")), strict=True))
    for event in events[:2_000]:
        discount = 0.7 if event["promotion"] else 1.0
        assert event["price"] == pytest.approx(prices[event["product_id"]] * discount, abs=0.01)
    share = sum(event["promotion"] for event in events) / len(events)
    assert share > 1.3 * 20 / 420  # more than the share of the days


def test_the_range_changes(shop, events):
    created = dict(zip(*(shop["products"][n].to_pylist() for n in ("product_id", "created_at")), strict=True))
    assert all(event["occurred_at"] >= created[event["product_id"]] for event in events)
    assert 0.1 < sum(shop["products"]["available"].to_pylist()) / 150 < 0.7


def test_winter_is_not_summer(shop, events):
    category = dict(zip(*(shop["products"][n].to_pylist() for n in ("product_id", "category")), strict=True))
    days = {event["occurred_at"] // SECONDS_PER_DAY for event in events}
    start = min(days)

    def share(of, first, last):
        chosen = [e for e in events if first <= e["occurred_at"] // SECONDS_PER_DAY - start < last]
        return sum(category[e["product_id"]] == of for e in chosen) / len(chosen)

    assert share("Coats", 0, 45) > 2 * share("Coats", 160, 205)
    assert share("Dresses", 160, 205) > 2 * share("Dresses", 0, 45)


def test_users_have_a_style(shop, events):
    style = dict(zip(*(shop["products"][n].to_pylist() for n in ("product_id", "style")), strict=True))
    by_user = {}
    for event in events:
        if event["event_type"] == "view":
            by_user.setdefault(event["user_id"], Counter())[style[event["product_id"]]] += 1
    tops = [max(c.values()) / c.total() for c in by_user.values() if c.total() >= 30]
    assert sum(tops) / len(tops) > 0.5  # a quarter without a style


def test_written_as_a_product_database(tmp_path, monkeypatch):
    monkeypatch.setitem(
        __import__("pipeline.demo.fashion", fromlist=["PROFILES"]).PROFILES, "quick", (20, 30)
    )
    summary = write_fashion(tmp_path / "shop.db", "quick", nothing)
    assert summary.rows["products"] == 30 and summary.notice.startswith("A generated shop")
    with open_source(SourceSettings(url=f"sqlite:///{tmp_path / 'shop.db'}")) as source:
        assert "promotion" in source.columns("events")
        assert source.read_table("products").num_rows == 30
    with pytest.raises(UserError, match="Unknown profile"):
        write_fashion(tmp_path / "shop.db", "huge", nothing)
