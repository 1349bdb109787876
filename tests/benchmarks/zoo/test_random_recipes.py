"""Recipes that are drawn at random."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from benchmarks.zoo.benchmark import measure
from benchmarks.zoo.process import Recipe
from benchmarks.zoo.random_recipes import describe, random_recipe
from schema.errors import UserError

DRAWN = [random_recipe(f"random-{number}") for number in range(60)]


def test_a_name_is_always_the_same_recipe_and_another_one_another():
    assert random_recipe("random-7") == DRAWN[7]
    assert len({describe(recipe) for recipe in DRAWN}) == len(DRAWN)


@pytest.mark.parametrize("name", ["random", "random-", "random-x", "grocery", "random-1-2", " random-1"])
def test_other_names_have_none(name):
    assert random_recipe(name) is None


def test_recipes_are_as_varied_as_they_say():
    users, days = ([getattr(recipe, name) for recipe in DRAWN] for name in ("users", "days"))
    assert min(users) < 600 and max(users) > 2_500 and min(days) < 90 and max(days) > 350
    for recipe in DRAWN:
        assert 300 <= recipe.users <= 4_000 and 150 <= recipe.products <= 15_000
        assert 0 <= recipe.repeat + recipe.taste + recipe.chain + recipe.promotion <= 1.02
        assert not (recipe.once and recipe.repeat)
    for peculiarity in (
        "once",
        "day_stamps",
        "drift",
        "new_share",
        "life",
        "views",
        "carts",
        "delisted",
        "strays",
    ):
        share = np.mean([bool(getattr(recipe, peculiarity)) for recipe in DRAWN])
        assert 0.08 < share < 0.6, peculiarity


def test_the_description_names_what_is_not_plain():
    assert describe(Recipe(users=311, repeat=0.42, once=True)) == "users=311, repeat=0.42, once=1"


def test_an_unknown_shop_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(UserError, match=r"random-1, random-2 and so on\. Received: random-x"):
        next(measure(["random-1", "random-x"], 42, tmp_path, print))
    assert not list(tmp_path.iterdir())


def test_a_random_shop_is_written_for_its_run(tmp_path, monkeypatch):
    """The run is stopped where it would begin: what is written by then is the shop of the name."""

    class BegunError(Exception):
        pass

    def begin(database, *_):
        with sqlite3.connect(database) as connection:
            (count,) = connection.execute("SELECT count(*) FROM products").fetchone()
        raise BegunError(count)

    monkeypatch.setattr("benchmarks.zoo.benchmark.run_pipeline", begin)
    with pytest.raises(BegunError) as begun:
        next(measure(["random-3"], 42, tmp_path, print))
    assert begun.value.args == (random_recipe("random-3").products,)
