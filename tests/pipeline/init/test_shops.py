"""Shop systems are recognised by their tables, and their mappings count what was really bought."""

from __future__ import annotations

import re

import pyarrow.compute as pc
import pytest
import yaml

from pipeline.init.known_shops import titles

NAMES = [
    "adobe_commerce", "magento", "medusa", "odoo", "odoo_text", "opencart", "opencart_next", "prestashop",
    "saleor", "spree", "spree_mysql", "woocommerce", "woocommerce_posts",
]  # fmt: skip


@pytest.fixture(params=NAMES, scope="module")
def shop(request, shops, samples, empty_database, mapped):
    described = shops.SHOPS[request.param]()
    url = empty_database(described.dialect)
    samples.fill(url, described)
    return request.param, described, *mapped(url)


def test_every_known_shop_is_tested():
    assert set(titles()) == {name.removesuffix("_mysql") for name in NAMES}


def test_recognised(shop):
    name, described, text, _ = shop
    assert text.startswith(f"# {titles()[name.removesuffix('_mysql')]}, recognised by its tables.\n")
    assert yaml.safe_load(text)["source"]["variables"] == described.variables


def test_events(shop, shops):
    _, described, _, source = shop
    events = source.read_events()
    assert events.num_rows == described.num_events
    assert len(pc.unique(events["user_id"])) == described.num_users
    types = getattr(described, "types", {"purchase": described.num_events})
    assert {
        item["values"]: item["counts"] for item in events["event_type"].value_counts().to_pylist()
    } == types
    bought = events.filter(pc.equal(events["event_type"], "purchase"))
    assert min(bought["quantity"].to_pylist()) > 0 and bought["price"].null_count == 0
    assert len(pc.unique(bought["basket_id"])) == len(shops.GOOD)
    shift = getattr(described, "shift", 0)
    first = min(bought["occurred_at"].to_pylist())
    assert first == int(
        shops.GOOD[0].when.timestamp() if shift == 0 else shops.GOOD[0].when.timestamp() + shift
    )


def test_products(shop):
    _, described, _, source = shop
    rows = {row["product_id"]: row for row in source.read_table("products").to_pylist()}
    assert len(rows) == described.num_products
    third = rows[getattr(described, "product", "3")]
    assert third["title"] == described.title and third["category"] == described.category
    assert third.get("brand", "Potter") in ("Potter", None)
    assert {key for key, row in rows.items() if not row["available"]} == described.unavailable
    assert {key for key, row in rows.items() if row["created_at"] is None} == described.undated
    assert set(source.read_events()["product_id"].to_pylist()) <= set(rows)


def test_users_and_events_have_the_same_ids(shop, shops):
    name, _, _, source = shop
    users = set(source.read_table("users")["user_id"].to_pylist())
    buyers = set(source.read_events()["user_id"].to_pylist())
    guests_have_a_row = name in ("medusa", "odoo", "odoo_text", "prestashop")
    assert len(buyers - users) == (0 if guests_have_a_row else len(shops.GUESTS))


def test_nothing_of_a_person_is_read(shop):
    _, _, text, source = shop
    read = str(source.read_table("users").to_pylist()) + str(source.read_events().to_pylist()) + text
    assert not re.search(r"example\.org|First\d|Last\d|'hash'|Road|login\d", read)
