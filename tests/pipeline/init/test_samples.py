"""Well-known sample databases: `init` finds events, products and users by itself, and nothing of a person."""

from __future__ import annotations

import re

import pyarrow.compute as pc
import pytest

NAMES = ["adventureworks", "chinook", "classicmodels", "foodmart", "northwind", "pagila", "sakila"]


@pytest.fixture(params=NAMES, scope="module")
def sample(request, samples, empty_database, mapped):
    described = samples.SAMPLES[request.param]()
    url = empty_database(described.dialect)
    samples.fill(url, described)
    return request.param, described, *mapped(url)


def test_counts(sample):
    _, described, _, source = sample
    events = source.read_events()
    assert events.num_rows == described.num_events
    assert len(pc.unique(events["user_id"])) == described.num_users
    assert source.read_table("products").num_rows == described.num_products
    assert source.read_table("users").num_rows == described.num_users
    for table, key in (("products", "product_id"), ("users", "user_id")):
        ids = source.read_table(table)[key]
        assert set(events[key].to_pylist()) <= set(ids.to_pylist())
        assert len(pc.unique(ids)) == len(ids)


EXPECTED = {
    "adventureworks": ("EnglishProductName", "EnglishProductCategoryName", "EnglishCountryRegionName"),
    "chinook": ("Name", "artist", "Country"),
    "classicmodels": ("productName", "productLine", "country"),
    "foodmart": ("product_name", "product_category", "country"),
    "northwind": ("ProductName", "CategoryName", "Country"),
    "pagila": ("title", "category", "country"),
    "sakila": ("title", "category", "country"),
}


def test_columns(sample):
    name, _, _, source = sample
    title, category, country = EXPECTED[name]
    assert {title, category} <= set(source.columns("products"))
    assert country in source.columns("users")
    events = source.read_events()
    purchases = {"pagila": "rental", "sakila": "rental"}
    assert pc.unique(events["event_type"]).to_pylist() == [purchases.get(name, "purchase")]
    has_lines = name in ("adventureworks", "chinook", "classicmodels", "northwind")
    assert (events["basket_id"].null_count == 0) is has_lines
    if name not in purchases:
        assert events["price"].null_count == 0 and events["quantity"].null_count == 0


def test_nothing_of_a_person_is_read(sample):
    _, _, text, source = sample
    read = (
        str(source.read_table("users").to_pylist())
        + str(source.read_events().slice(0, 50).to_pylist())
        + text
    )
    assert not re.search(r"example\.org|(?i:first ?\d)|(?i:last ?\d)|Schmitt|Road", read)
    assert "Left out as personal:" in text
