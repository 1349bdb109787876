"""Shops whose recipes are drawn at random, so that nobody can have tuned anything for them.

`random-7` is the shop of the seventh draw: always the same recipe, whatever the seed of the run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Final

import numpy as np

from benchmarks.zoo.process import Recipe

_NAME: Final = re.compile(r"random-(\d{1,9})")
_SHARES: Final = ("repeat", "taste", "chain", "promotion", "popular")


def random_recipe(name: str) -> Recipe | None:
    """The recipe that a name such as `random-7` stands for; None for other names.

    Sizes are drawn evenly in their logarithm: 300 to 4,000 users with 4 to 80 events each, 150 to 15,000
    products in 5 to 200 groups, 60 to 500 days. The shares of the wells are Dirichlet(.6), so that most
    shops live of one or two. Each peculiarity (nothing twice, dates for stamps, drift, new products,
    limited lives, seasons, views and carts, delisting, users who come once) is there in a quarter to two
    fifths of the shops.
    """
    found = _NAME.fullmatch(name)
    return _draw(np.random.default_rng([20_221, int(found[1])])) if found else None


def describe(recipe: Recipe) -> str:
    """What differs from a plain recipe, such as `users=311, repeat=0.42`."""
    plain = Recipe()
    parts = []
    for part in fields(recipe):
        value = getattr(recipe, part.name)
        if part.name != "level" and value != getattr(plain, part.name):
            parts.append(f"{part.name}={value:g}")
    return ", ".join(parts)


def _draw(random: np.random.Generator) -> Recipe:
    users, events_each = _log_uniform(random, 300, 4_000), _log_uniform(random, 4, 80)
    days, basket = _log_uniform(random, 60, 500), round(float(random.uniform(1, 8)), 1)
    once = bool(random.random() < 0.3)
    shares = _shares(random, once)
    visits = min(users * events_each, 200_000) / basket / days
    views = _sometimes(random, 0.25, 1, 20)
    return Recipe(
        users=users,
        products=_log_uniform(random, 150, 15_000),
        groups=_log_uniform(random, 5, 200),
        days=days,
        visits=round(visits, 1),
        basket=basket,
        repeat=shares["repeat"],
        taste=shares["taste"],
        chain=shares["chain"],
        promotion=shares["promotion"],
        liked=int(random.integers(1, 6)),
        zipf=round(float(random.uniform(0.3, 1.1)), 2),
        drift=round(_sometimes(random, 0.4, 0.02, 0.12), 3),
        new_share=round(_sometimes(random, 0.4, 0.1, 0.5), 2),
        life=int(_sometimes(random, 0.25, days / 4, days)),
        season=round(1 + _sometimes(random, 0.25, 1, 5), 1),
        once=once,
        day_stamps=bool(random.random() < 0.4),
        views=int(views if users * events_each * views < 1_000_000 else 0),
        carts=round(_sometimes(random, 0.25, 0.2, 0.9), 2),
        delisted=round(_sometimes(random, 0.25, 0.05, 0.4), 2),
        strays=round(_sometimes(random, 0.4, 0.05, 0.5), 2),
    )


def _shares(random: np.random.Generator, once: bool) -> Mapping[str, float]:
    """Share of each well; where nothing is bought twice the own past gives its share to popularity."""
    drawn = dict(zip(_SHARES, random.dirichlet([0.6] * len(_SHARES)).tolist(), strict=True))
    if once:
        drawn["repeat"] = 0.0
    return {name: round(share, 2) for name, share in drawn.items()}


def _log_uniform(random: np.random.Generator, low: float, high: float) -> int:
    return int(np.exp(random.uniform(np.log(low), np.log(high))))


def _sometimes(random: np.random.Generator, chance: float, low: float, high: float) -> float:
    """0, or with `chance` a number between `low` and `high`; takes two draws in any case."""
    is_there, value = random.random() < chance, random.uniform(low, high)
    return float(value) if is_there else 0.0
