"""The shops are what their recipes say."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.zoo.benchmark import write_shop
from benchmarks.zoo.process import Recipe, Shop
from benchmarks.zoo.recipes import ZOO

SMALL = Recipe(users=120, products=200, groups=10, days=60, visits=20.0)


def repeats(events):
    pairs = events.user * 1_000_000 + events.product
    return 1 - len(np.unique(pairs)) / len(pairs)


def liked_share(shop, events):
    return np.mean([shop.group[p] in shop.likes[u] for u, p in zip(events.user, events.product, strict=True)])


def test_shares_of_the_own_past_and_of_liked_groups():
    plain, own, taste = (
        Shop(replace(SMALL, **changed), 3) for changed in ({}, {"repeat": 0.8}, {"taste": 0.8})
    )
    runs = [shop.run() for shop in (plain, own, taste)]
    assert repeats(runs[1]) > repeats(runs[0]) + 0.4
    assert liked_share(taste, runs[2]) > liked_share(plain, runs[0]) + 0.3


def test_nothing_twice():
    events = Shop(replace(SMALL, once=True), 3).run()
    assert repeats(events) == 0.0


def test_what_follows_follows():
    shop = Shop(replace(SMALL, chain=0.9, basket=6), 3)
    events = shop.run()
    same = events.basket[1:] == events.basket[:-1]
    follows = [b in shop.next[a] for a, b in zip(events.product[:-1], events.product[1:], strict=True)]
    assert np.mean(np.array(follows)[same]) > 0.5


def test_products_are_sold_from_their_first_day_to_their_last():
    shop = Shop(replace(SMALL, new_share=0.5, delisted=0.4), 3)
    events = shop.run()
    day = (events.time - events.time.min() // 86_400 * 86_400) // 86_400
    assert (day >= shop.listed[events.product]).all()
    assert (day < shop.gone_on[events.product]).all()
    assert 0.3 < (~events.available).mean() < 0.5


def test_day_stamps_are_midnights():
    assert (Shop(replace(SMALL, day_stamps=True), 3).run().time % 86_400 == 0).all()


def test_views_and_carts_come_before_the_purchase():
    events = Shop(replace(SMALL, views=3, carts=1.0), 3).run()
    kinds = {kind: (events.kind == kind).sum() for kind in ("view", "cart", "purchase")}
    assert kinds["cart"] == kinds["purchase"] and 2 < kinds["view"] / kinds["purchase"] < 4


def test_visits_of_sessions_are_of_users_of_their_own():
    events = Shop(replace(SMALL, sessions=True), 3).run()
    assert len(np.unique(events.user)) == len(np.unique(events.basket))


def test_the_volume_follows_its_level():
    events = Shop(replace(SMALL, level=ZOO["growth"].recipe.level), 3).run()
    day = (events.time - events.time.min()) // 86_400
    assert (day >= 45).sum() > 3 * (day < 15).sum()


@pytest.mark.parametrize("name", ["growth", "promotions", "half-gone"])
def test_levels_are_positive(name):
    recipe = ZOO[name].recipe
    assert all(recipe.level(day, recipe.days) > 0 for day in range(recipe.days))


def test_the_same_seed_writes_the_same_shop(tmp_path):
    def rows(name, seed):
        count = write_shop(SMALL, tmp_path / name, seed)
        with sqlite3.connect(tmp_path / name) as connection:
            found = connection.execute("SELECT * FROM events ORDER BY rowid").fetchall()
            products = connection.execute("SELECT * FROM products").fetchall()
        assert len(found) == count and len(products) == SMALL.products
        return found, products

    assert rows("a.db", 1) == rows("b.db", 1) != rows("c.db", 2)


def test_there_are_twelve_shops_or_more_with_a_known_truth():
    assert len(ZOO) >= 12
    assert all(animal.truth.endswith(".") for animal in ZOO.values())
