"""The generated shops: what each is like, and what is the truth about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from benchmarks.zoo.process import Recipe


@dataclass(frozen=True)
class Animal:
    """A shop of the zoo.

    Attributes:
        recipe: What it is like.
        truth: What a recommender can find in it at best.
    """

    recipe: Recipe
    truth: str


def _promotions(day: int, days: int) -> float:
    """A week of which a tenth is recorded, and a rush before the end."""
    week = [0.9, 0.75, 0.8, 0.9, 1.0, 1.4, 1.9][day % 7]
    if 0.52 * days <= day < 0.6 * days:
        return 0.1 * week
    if 0.87 * days <= day < 0.9 * days:
        return 2.5 * week
    return week


def _tenfold(day: int, days: int) -> float:
    return float(0.2 * 10 ** (day / days))


def _halved(day: int, days: int) -> float:
    return 1.0 if day < 0.7 * days else 0.6


ZOO: Final[dict[str, Animal]] = {
    "grocery": Animal(
        Recipe(repeat=0.45, taste=0.3, basket=6, days=250, visits=70),
        "Half of a basket is what the user bought before, a third is from four liked groups.",
    ),
    "fashion": Animal(
        Recipe(
            products=3000,
            taste=0.65,
            liked=3,
            drift=0.08,
            new_share=0.4,
            life=120,
            once=True,
            views=2,
            carts=0.5,
            visits=70,
            basket=2.5,
        ),
        "Nothing is bought twice; two thirds are from three liked groups; 40 % of the products are new.",
    ),
    "promotions": Animal(
        Recipe(
            users=2500,
            products=3000,
            days=92,
            visits=170,
            basket=5,
            repeat=0.1,
            taste=0.12,
            promotion=0.08,
            drift=0.12,
            level=_promotions,
            day_stamps=True,
            groups=60,
        ),
        "Few repeats, promotions of some days, a gap and a rush: popularity of late and the own count.",
    ),
    "popularity": Animal(
        Recipe(visits=80, zipf=1.0),
        "Products are dealt to users at random: nothing beats popularity over all time.",
    ),
    "repeats": Animal(
        Recipe(users=800, repeat=0.9, days=200, visits=60, basket=5, zipf=0.5),
        "Nine in ten products are drawn from the own past by their count: own frequency.",
    ),
    "sessions": Animal(
        Recipe(users=3000, chain=0.7, basket=6, visits=90, sessions=True, days=90, drift=0.05),
        "Every visit is of another user: when it starts there is popularity of late and nothing else.",
    ),
    "ratings": Animal(
        Recipe(
            users=900,
            products=1200,
            taste=0.6,
            chain=0.2,
            liked=5,
            once=True,
            ratings=True,
            basket=8,
            visits=25,
            days=300,
            groups=30,
        ),
        "Nothing is rated twice; three fifths are from five liked groups, a fifth follows the last film.",
    ),
    "views": Animal(
        Recipe(taste=0.7, liked=3, views=100, visits=12, basket=1.5, once=True, carts=0.7, days=150),
        "Views, a hundred for each purchase, are of three liked groups; so are most purchases.",
    ),
    "tiny": Animal(
        Recipe(users=300, products=250, groups=12, repeat=0.3, taste=0.3, visits=12, basket=3, days=200),
        "Three hundred users; own past, three liked groups and popularity in thirds.",
    ),
    "long-tail": Animal(
        Recipe(
            users=2500,
            products=150_000,
            groups=400,
            zipf=0.4,
            taste=0.5,
            repeat=0.15,
            visits=80,
            basket=3,
            days=150,
            liked=2,
        ),
        "150,000 products with few events each: own past, and liked groups by content.",
    ),
    "seasons": Animal(
        Recipe(days=730, visits=25, basket=4, season=6.0, taste=0.35, repeat=0.15),
        "Sales of each group swing by a factor of 36 over the year.",
    ),
    "day-stamps": Animal(
        Recipe(repeat=0.35, taste=0.25, day_stamps=True, drift=0.05, days=120),
        "As a grocery, with dates for stamps and a drifting popularity.",
    ),
    "growth": Animal(
        Recipe(level=_tenfold, repeat=0.3, taste=0.3, visits=110),
        "The volume grows tenfold; own past, liked groups and popularity in thirds.",
    ),
    "half-gone": Animal(
        Recipe(repeat=0.3, taste=0.35, delisted=0.5, level=_halved),
        "In the last fifth of the time half of the products are delisted one after the other.",
    ),
}
