"""Shops of any size have the statistics of the demo."""

import csv
import sqlite3

import numpy as np
import pytest

from benchmarks.pipeline.shops import EVENTS_PER_USER, make_shop, write_shop


@pytest.fixture(scope="module")
def shops():
    return [make_shop(size, 5) for size in (10_000, 40_000)]


def test_users_grow_with_the_events_and_the_catalogue_less(shops):
    small, large = shops
    assert len(large.users["user_id"]) == 4 * len(small.users["user_id"]) == 40_000 / EVENTS_PER_USER
    growth = len(large.products["product_id"]) / len(small.products["product_id"])
    assert growth == pytest.approx(4**0.4, rel=0.01)
    assert [len(shop.product) for shop in shops] == pytest.approx([10_000, 40_000], rel=0.1)


def test_what_is_bought(shops):
    for shop in shops:
        pairs = len(np.unique(shop.user * 10**7 + shop.product))
        assert 0.33 < 1 - pairs / len(shop.user) < 0.45  # repeated; 0.41 in the demo
        counts = np.sort(np.bincount(shop.product))[::-1]
        assert 0.2 < counts[: len(counts) // 100].sum() / len(shop.user) < 0.45  # of the top 1 %; 0.32
        sizes = np.unique(shop.events["basket_id"], return_counts=True)[1]
        assert np.median(sizes) == pytest.approx(5, abs=1)
        assert np.percentile(sizes, 90) == pytest.approx(24, abs=4)


def test_events_are_in_order_and_baskets_have_one_user(shops):
    (shop, _) = shops
    assert (np.diff(shop.user) >= 0).all()
    owners = {}
    for basket, user in zip(shop.events["basket_id"], shop.user, strict=True):
        assert owners.setdefault(basket, user) == user


def test_the_same_seed_gives_the_same_shop():
    one, same, other = (make_shop(5_000, seed).product for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one[: len(other)], other[: len(one)])


def test_the_database_and_the_joined_rows_have_the_same_content(tmp_path):
    shop = write_shop(tmp_path / "shop.db", tmp_path / "rows.csv", 5_000, 3)
    connection = sqlite3.connect(tmp_path / "shop.db")
    query = (
        "SELECT e.user_id, e.product_id, occurred_at, basket_id, quantity, e.price, age, income, department, "
        "product_category, product_type, brand FROM events e JOIN users USING (user_id) "
        "JOIN products USING (product_id)"
    )
    from_database = sorted(tuple(map(str, row)) for row in connection.execute(query))
    with (tmp_path / "rows.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header[:3] == ["user_id", "product_id", "occurred_at"] and len(header) == 12
    assert sorted(map(tuple, rows)) == from_database and len(rows) == len(shop.product)
