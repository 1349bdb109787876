# ruff: noqa: E501 - a line of a file stays one
"""Shop systems are recognised by their tables, and their mappings count what was really bought."""

from __future__ import annotations

import hashlib
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
    files = {"shopify", "shopify_products"}
    assert set(titles()) == {name.removesuffix("_mysql") for name in NAMES} | files


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
    _, described, text, source = shop
    rows = {row["product_id"]: row for row in source.read_table("products").to_pylist()}
    assert len(rows) == described.num_products
    third = rows[getattr(described, "product", "3")]
    assert third["title"] == described.title and third["category"] == described.category
    assert third.get("brand", "Potter") in ("Potter", None)
    for column, value in getattr(described, "several", {}).items():
        assert third[column] == value and column in yaml.safe_load(text)["features"]["products"]
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


ORDERS = """Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Billing Street,Billing Country,Cancelled at
#1001,Ann@Example.org,paid,2024-05-01 18:30:00 +0200,1,"Cup, blue",9.50,C-1,Ann,Road,FR,
#1001,,,,2,Plate,12.00,,,,,
#1002,bob@example.org,paid,2024-05-08 10:00:00 +0200,1,"Cup, blue",9.50,C-1,Bob,Road,DE,2024-05-09 10:00:00 +0200
#1003,bob@example.org,voided,2024-05-12 10:00:00 +0200,1,Plate,12.00,,Bob,Road,DE,
#1004,ann@example.org ,refunded,2024-05-20 10:00:00 +0200,1,Bowl,7.00,B-1,Ann,Road,FR,
"""
PRODUCTS = """Handle,Title,Vendor,Type,Tags,Published,Variant SKU
cup,Cup,Potter,Kitchen,"blue, clay",true,C-0
cup,,,,,,C-1
bowl,Bowl,Potter,Kitchen,clay,false,B-1
"""


@pytest.mark.parametrize("with_products", [False, True])
def test_exports_of_shopify(tmp_path, mapped, with_products):
    (tmp_path / "orders_export.csv").write_text(ORDERS, encoding="utf-8")
    if with_products:
        (tmp_path / "products_export.csv").write_text(PRODUCTS, encoding="utf-8")
    text, source = mapped(str(tmp_path))
    assert text.startswith(f"# {titles()['shopify_products' if with_products else 'shopify']}")
    events = source.read_events().sort_by([("occurred_at", "ascending"), ("product_id", "ascending")])
    assert events["product_id"].to_pylist() == ["C-1", "Plate", "B-1"]
    assert events["occurred_at"].to_pylist() == [1_714_581_000, 1_714_581_000, 1_716_192_000]
    assert events["basket_id"].to_pylist() == ["#1001", "#1001", "#1004"]
    assert events["quantity"].to_pylist() == [1.0, 2.0, 1.0] and events["price"].to_pylist() == [
        9.5,
        12.0,
        7.0,
    ]
    ann = hashlib.sha256(b"ann@example.org").hexdigest()
    assert set(events["user_id"].to_pylist()) == {ann}
    countries = {row["user_id"]: row["country"] for row in source.read_table("users").to_pylist()}
    assert len(countries) == 2 and countries[ann] == "FR"
    products = {row["product_id"]: row for row in source.read_table("products").to_pylist()}
    assert set(products) == {"B-1", "C-1", "Plate"} and products["Plate"]["title"] == "Plate"
    if with_products:
        assert products["C-1"]["title"] == "Cup" and products["C-1"]["tags"] == "blue, clay"
        assert {key: row["available"] for key, row in products.items()} == {"B-1": 0, "C-1": 1, "Plate": 0}
    else:
        assert products["C-1"]["title"] == "Cup, blue" and products["C-1"]["price"] == 9.5
    assert "xample.org" not in str(source.read_events().to_pylist()) + str(countries)
