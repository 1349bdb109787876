"""The process behind every generated shop: users come, fill baskets from a few wells, and leave.

A shop's truth is its recipe: which share of a basket comes from the user's own past, from what the user
likes, from what follows the last product, from what is on promotion, and from what is popular; and how
popularity, volume and the assortment move. Nothing else is in the data, so what a recommender may find is
known beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from schema import names

FIRST_DAY = 1_640_995_200
"""Midnight of 2022-01-01, epoch seconds."""

Level = Callable[[int, int], float]


def steady(day: int, days: int) -> float:
    """The volume of a shop that neither grows nor shrinks."""
    del day, days
    return 1.0


@dataclass(frozen=True)
class Recipe:
    """What a shop is like.

    Attributes:
        users: Number of users; they join over the first half of the time.
        products: Number of products.
        groups: Number of product groups; users like a few of them.
        days: Length of the recording.
        visits: Visits of an ordinary day.
        basket: Mean number of products in a basket.
        repeat: Share drawn from the user's own past, by count.
        taste: Share drawn from the groups that the user likes.
        chain: Share drawn from the followers of the last product.
        promotion: Share drawn from what is on promotion.
        liked: Groups that a user likes.
        zipf: Exponent of popularity; 0 is even.
        drift: Daily step of the random walk of log popularity.
        new_share: Share of the products that are listed after the first day, evenly over the time.
        life: Days that a product is listed; 0 for ever.
        season: How much a group's sales swing over the year, as a factor.
        once: Whether a user takes a product once at most.
        level: Volume by day.
        day_stamps: Whether stamps are dates.
        views: Views for each purchase; a view is of what the user likes.
        carts: Share of the purchases that were in a cart a little before.
        ratings: Whether events are ratings, by how much the user likes the group.
        sessions: Whether every visit is of another user.
        delisted: Share of the products that cannot be bought at the end.
        strays: Share of the visits of users who never come again.
    """

    users: int = 1200
    products: int = 1500
    groups: int = 40
    days: int = 180
    visits: float = 60.0
    basket: float = 4.0
    repeat: float = 0.0
    taste: float = 0.0
    chain: float = 0.0
    promotion: float = 0.0
    liked: int = 4
    zipf: float = 0.8
    drift: float = 0.0
    new_share: float = 0.0
    life: int = 0
    season: float = 1.0
    once: bool = False
    level: Level = field(default=steady)
    day_stamps: bool = False
    views: int = 0
    carts: float = 0.0
    ratings: bool = False
    sessions: bool = False
    delisted: float = 0.0
    strays: float = 0.0


@dataclass(frozen=True)
class Events:
    """What happened, in the order of time.

    Attributes:
        user: Number of the user `[events]`.
        product: Number of the product `[events]`.
        time: Epoch seconds `[events]`.
        kind: Event type `[events]`.
        basket: Number of the visit `[events]`.
        rating: 1 to 5, 0 where there are no ratings `[events]`.
        group: Group of each product `[products]`.
        listed: Day from which each product is listed `[products]`.
        available: Whether each product can be bought at the end, bool `[products]`.
    """

    user: np.ndarray
    product: np.ndarray
    time: np.ndarray
    kind: np.ndarray
    basket: np.ndarray
    rating: np.ndarray
    group: np.ndarray
    listed: np.ndarray
    available: np.ndarray


class Shop:
    """Simulates a recipe.

    Args:
        recipe: What the shop is like.
        seed: Of everything random.
    """

    def __init__(self, recipe: Recipe, seed: int) -> None:
        self.recipe, self.random = recipe, np.random.default_rng(seed)
        r, random = recipe, self.random
        self.group = random.integers(0, r.groups, r.products)
        self.base = random.permutation((np.arange(r.products) + 10.0) ** -r.zipf)
        self.listed = np.where(
            random.random(r.products) < r.new_share, random.integers(1, r.days, r.products), 0
        )
        self.join = np.sort(random.integers(0, max(r.days // 2, 1), r.users))
        self.activity = random.gamma(1.0, 1.0, r.users) + 0.1
        self.likes = np.stack([random.permutation(r.groups)[: r.liked] for _ in range(r.users)])
        self.peak = random.random(r.groups)
        self.next = random.integers(0, r.products, (r.products, 5))
        self.gone_on = np.where(
            random.random(r.products) < r.delisted,
            random.integers(r.days * 4 // 5, r.days, r.products),
            r.days + 1,
        )
        self.walk = np.zeros(r.products)
        self.promoted: list[tuple[int, int, float]] = []
        self.own: list[list[int]] = [[] for _ in range(r.users)]
        self.rows: list[tuple[int, int, int, str, int, int]] = []
        self.num_visits = 0

    def run(self) -> Events:
        """Simulates day by day."""
        for day in range(self.recipe.days):
            self._day(day)
        order = np.argsort([row[2] for row in self.rows], kind="stable")
        user, product, time, kind, basket, rating = (
            np.array([self.rows[index][part] for index in order]) for part in range(6)
        )
        available = self.gone_on > self.recipe.days
        return Events(user, product, time, kind, basket, rating, self.group, self.listed, available)

    def _day(self, day: int) -> None:
        r, random = self.recipe, self.random
        if r.drift:
            self.walk = 0.99 * self.walk + random.normal(0, r.drift, r.products)
        swing = r.season ** np.cos(2 * np.pi * (day / 365 - self.peak))
        weight = self.base * np.exp(self.walk) * swing[self.group]
        last = self.listed + (r.life or r.days + 1)
        weight = np.where((self.listed <= day) & (day < np.minimum(last, self.gone_on)), weight, 0.0)
        self.cumulative = np.cumsum(weight)
        self.of_group = []
        for group in range(r.groups):
            items = np.flatnonzero((self.group == group) & (weight > 0))
            self.of_group.append((items, np.cumsum(weight[items])))
        self.sellable = weight > 0
        self._promote(day)
        here = np.flatnonzero(self.join <= day)
        count = min(random.poisson(r.visits * r.level(day, r.days)), 4 * len(here))
        if not len(here) or not count:
            return
        chance = self.activity[here] / self.activity[here].sum()
        for user in random.choice(here, count, p=chance):
            self._visit(int(user), day)

    def _promote(self, day: int) -> None:
        random = self.random
        if not self.recipe.promotion:
            return
        self.promoted = [entry for entry in self.promoted if entry[1] > day]
        while len(self.promoted) < 12:
            product = int(random.integers(self.recipe.products))
            self.promoted.append((product, day + int(random.integers(3, 13)), float(random.lognormal(0, 1))))

    def _visit(self, user: int, day: int) -> None:
        r, random = self.recipe, self.random
        self.num_visits += 1
        second = 0 if r.day_stamps else int(random.integers(8 * 3600, 22 * 3600))
        stamp = FIRST_DAY + day * names.SECONDS_PER_DAY + second
        passing = bool(r.strays) and random.random() < r.strays
        own = [] if r.sessions or passing else self.own[user]
        name = r.users + self.num_visits if r.sessions or passing else user
        for step in range(1 + random.poisson(max(r.basket - 1, 0))):
            product = self._draw(user, own)
            if product is None or (r.once and product in own):
                continue
            self._buy(user, name, product, stamp + (0 if r.day_stamps else 60 * step))
            own.append(product)

    def _buy(self, user: int, name: int, product: int, stamp: int) -> None:
        r, random = self.recipe, self.random
        ahead = 0 if r.day_stamps else 1
        for number in range(random.poisson(r.views)):
            seen = product if number == 0 else self._liked(user)
            if seen is not None:
                self.rows.append((name, seen, stamp - ahead * (40 + number), "view", self.num_visits, 0))
        if random.random() < r.carts:
            self.rows.append((name, product, stamp - 20 * ahead, "cart", self.num_visits, 0))
        rating = 0
        if r.ratings:
            rating = int(
                np.clip(3 + (self.group[product] in self.likes[user]) + random.integers(-1, 2), 1, 5)
            )
        kind = "rating" if r.ratings else "purchase"
        self.rows.append((name, product, stamp, kind, self.num_visits, rating))

    def _draw(self, user: int, own: list[int]) -> int | None:
        """One product, from the well that the recipe's shares choose."""
        r, random = self.recipe, self.random
        draw = random.random()
        if own and draw < r.repeat:
            product = own[int(random.integers(len(own)))]
            return product if self.sellable[product] else None
        draw -= r.repeat
        if draw < 0 or draw < r.taste:
            return self._liked(user)
        draw -= r.taste
        if draw < r.chain and own:
            product = int(self.next[own[-1], random.integers(5)])
            return product if self.sellable[product] else None
        draw -= r.chain
        if draw < r.promotion and self.promoted:
            weights = np.array([entry[2] for entry in self.promoted])
            product = self.promoted[int(random.choice(len(weights), p=weights / weights.sum()))][0]
            return product if self.sellable[product] else None
        return _pick(self.cumulative, random)

    def _liked(self, user: int) -> int | None:
        group = self.likes[user, int(self.random.integers(self.recipe.liked))]
        items, cumulative = self.of_group[group]
        return int(items[_pick(cumulative, self.random)]) if len(items) else None


def _pick(cumulative: np.ndarray, random: np.random.Generator) -> int:
    return int(np.searchsorted(cumulative, random.random() * cumulative[-1], side="right"))
