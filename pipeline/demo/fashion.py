"""A generated fashion shop: views, carts, purchases, returns, promotions, seasons and stock.

Nothing in it is real. What it has that groceries have not: few repeat purchases, styles and colours, seasons
in which products come and go, returns, and views and carts that lead to purchases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.demo.writing import DemoSummary, Progress, write_database
from schema.errors import UserError
from schema.names import SECONDS_PER_DAY

PROFILES: Final = {"quick": (1_000, 600), "full": (4_000, 2_000)}
"""Profile -> number of users and of products."""

NOTICE: Final = "A generated shop: no user, product or event in it is real."

_SEED: Final = 42
_DAYS: Final = 420
_START: Final = 1_672_531_200  # 2023-01-01
_SESSIONS_PER_USER: Final = 14
_VIEWS_PER_SESSION: Final = 5

_CATEGORIES: Final = {
    "Dresses": (("Wrap dress", "Shift dress", "Maxi dress", "Shirt dress"), 79, "summer"),
    "Shirts": (("Oxford shirt", "Linen shirt", "Flannel shirt", "Polo shirt"), 49, "all"),
    "Trousers": (("Chinos", "Jeans", "Pleated trousers", "Shorts"), 65, "all"),
    "Knitwear": (("Crew-neck jumper", "Cardigan", "Roll-neck", "Knitted vest"), 72, "winter"),
    "Coats": (("Trench coat", "Wool coat", "Parka", "Quilted jacket"), 160, "winter"),
    "Shoes": (("Sneakers", "Loafers", "Ankle boots", "Sandals"), 95, "all"),
    "Accessories": (("Silk scarf", "Leather belt", "Tote bag", "Beanie"), 35, "all"),
}
_STYLES: Final = ("classic", "street", "romantic", "sporty")
_COLOURS: Final = ("black", "white", "navy", "beige", "red", "green", "striped")
_MATERIALS: Final = ("cotton", "linen", "wool", "viscose", "leather", "recycled polyester")
_BRANDS: Final = ("Alder & Wren", "Northquay", "Lumen", "Peregrine", "Saltmarsh", "Twelve Oaks")
_AGE_GROUPS: Final = ("18-24", "25-34", "35-49", "50+")
_COUNTRIES: Final = ("DE", "FR", "GB", "NL", "SE")


@dataclass(frozen=True)
class _Products:
    """Columns of the products, as arrays of one length."""

    category: np.ndarray
    style: np.ndarray
    colour: np.ndarray
    price: np.ndarray
    appeal: np.ndarray
    first_day: np.ndarray
    last_day: np.ndarray
    promoted: np.ndarray


@dataclass(frozen=True)
class _Users:
    """What users like; as probabilities."""

    category: np.ndarray
    style: np.ndarray
    colour: np.ndarray
    thrift: np.ndarray
    sessions: np.ndarray
    returns: np.ndarray


def write_fashion(output: Path, profile: str, progress: Progress) -> DemoSummary:
    """Writes a generated fashion shop as a SQLite product database; the same one each time.

    Args:
        output: The file to write; an older one is replaced when the new one is whole.
        profile: `quick` or `full`.
        progress: Called while generating and writing.

    Raises:
        UserError: The profile is unknown or the output cannot be written.
    """
    if profile not in PROFILES:
        raise UserError(f"Unknown profile. Received: {profile!r}. Known: {', '.join(PROFILES)}.")
    tables = make_fashion(*PROFILES[profile], progress)
    return DemoSummary(output, write_database(output, tables, progress), {}, NOTICE)


def make_fashion(num_users: int, num_products: int, progress: Progress) -> dict[str, pa.Table]:
    """Returns the tables of a generated fashion shop; the same ones each time."""
    rng = np.random.default_rng(_SEED)
    products = _make_products(rng, num_products)
    users = _make_users(rng, num_users)
    events = _make_events(rng, users, products, progress)
    return {
        "users": _users_table(rng, num_users),
        "products": _products_table(rng, products),
        "events": events,
    }


def _make_products(rng: np.random.Generator, count: int) -> _Products:
    seasons = np.array([season for _, _, season in _CATEGORIES.values()])
    prices = np.array([price for _, price, _ in _CATEGORIES.values()], float)
    category = rng.integers(0, len(_CATEGORIES), count)
    is_always_there = rng.random(count) < 0.4
    first = np.where(is_always_there, -300, rng.integers(-150, _DAYS - 14, count))
    is_of_a_season = seasons[category] != "all"
    lasting = np.where(is_of_a_season, rng.integers(120, 200, count), 300)
    lasting[is_always_there] = 10_000
    return _Products(
        category=category,
        style=rng.integers(0, len(_STYLES), count),
        colour=rng.integers(0, len(_COLOURS), count),
        price=np.round(prices[category] * rng.lognormal(0, 0.25, count), 0) - 0.05,
        appeal=rng.lognormal(0, 1.0, count),
        first_day=first,
        last_day=first + lasting,
        promoted=rng.integers(0, _DAYS, (count, 2)),
    )


def _make_users(rng: np.random.Generator, count: int) -> _Users:
    return _Users(
        category=rng.dirichlet(np.full(len(_CATEGORIES), 0.6), count),
        style=rng.dirichlet(np.full(len(_STYLES), 0.3), count),
        colour=rng.dirichlet(np.full(len(_COLOURS), 0.8), count),
        thrift=rng.random(count),
        sessions=1 + rng.poisson(_SESSIONS_PER_USER * rng.gamma(1.2, 1 / 1.2, count)),
        returns=rng.beta(2, 8, count),
    )


def _season(products: _Products, day: int) -> np.ndarray:
    """How wanted each product is on a day of the year."""
    seasons = np.array([season for _, _, season in _CATEGORIES.values()])[products.category]
    warmth = -np.cos(2 * np.pi * (day % 365) / 365)
    demand = np.where(seasons == "summer", np.exp(1.2 * warmth), np.exp(-1.2 * warmth))
    of_the_day: np.ndarray = np.where(seasons == "all", 1.0, demand)
    return of_the_day


def _is_promoted(products: _Products, day: int) -> np.ndarray:
    """Whether each product is on promotion: twice a year for ten days."""
    since = day - products.promoted
    found: np.ndarray = ((since >= 0) & (since < 10)).any(axis=1)
    return found


def _make_events(
    rng: np.random.Generator, users: _Users, products: _Products, progress: Progress
) -> pa.Table:
    owner = np.repeat(np.arange(len(users.sessions)), users.sessions)
    day = rng.integers(0, _DAYS, len(owner))
    order = np.argsort(day, kind="stable")
    rows: dict[str, list[object]] = {name: [] for name in _EVENT_COLUMNS}
    owned: list[set[int]] = [set() for _ in users.sessions]
    by_day: tuple[int, np.ndarray, np.ndarray] = (-1, np.array([]), np.array([]))
    for done, session in enumerate(order):
        user, today = int(owner[session]), int(day[session])
        if by_day[0] != today:
            alive = (products.first_day <= today) & (today < products.last_day)
            promoted = _is_promoted(products, today)
            freshness = 1 + 1.5 * np.exp(-np.maximum(today - products.first_day, 0) / 21)
            base = alive * products.appeal * _season(products, today) * freshness * (1 + promoted)
            by_day = (today, base, promoted)
            progress("sessions", done, len(order))
        visit = _Visit(int(session), user, today)
        _session(rng, rows, visit, users, products, owned[user], by_day[1:])
    return pa.table({name: pa.array(rows[name], kind) for name, kind in _EVENT_COLUMNS.items()})


_EVENT_COLUMNS: Final = {
    "user_id": pa.string(),
    "product_id": pa.string(),
    "occurred_at": pa.int64(),
    "event_type": pa.string(),
    "basket_id": pa.string(),
    "quantity": pa.int64(),
    "price": pa.float64(),
    "promotion": pa.int64(),
}


class _Visit(NamedTuple):
    session: int
    user: int
    day: int


def _session(
    rng: np.random.Generator,
    rows: dict[str, list[object]],
    visit: _Visit,
    users: _Users,
    products: _Products,
    owned: set[int],
    today: tuple[np.ndarray, np.ndarray],
) -> None:
    """One visit: views, some of which lead to the cart, to a purchase and to a return."""
    session, user, day = visit
    base, promoted = today
    taste = users.category[user][products.category] * users.style[user][products.style]
    weight = base * taste * (0.2 + users.colour[user][products.colour])
    weight[list(owned)] *= 0.05  # nobody buys the same coat twice
    total = weight.sum()
    if total <= 0:
        return
    count = min(1 + int(rng.poisson(_VIEWS_PER_SESSION)), int((weight > 0).sum()))
    seen = rng.choice(len(weight), count, replace=False, p=weight / total)
    clock = _START + day * SECONDS_PER_DAY + int(rng.integers(7 * 3600, 22 * 3600))

    def write(product: int, kind: str, at: int, bought: bool) -> None:
        discount = 0.7 if promoted[product] else 1.0
        basket, quantity = (f"b{session}", 1) if bought else (None, None)
        values = (
            f"u{user:05}", f"p{product:05}", at, kind, basket, quantity,
            round(float(products.price[product]) * discount, 2), int(promoted[product]),
        )  # fmt: skip
        for name, value in zip(rows, values, strict=True):
            rows[name].append(value)

    end = clock + 90 * (len(seen) + 2)
    for step, product in enumerate(map(int, seen)):
        write(product, "view", clock + 90 * step, bought=False)
        liking = taste[product] * (1 + users.thrift[user] * promoted[product])
        if rng.random() >= min(0.5, 0.6 * liking**0.5):
            continue
        write(product, "cart", clock + 90 * step + 40, bought=False)
        if rng.random() >= 0.45:
            continue
        write(product, "purchase", end, bought=True)
        owned.add(product)
        back = end + int(rng.integers(5, 20)) * SECONDS_PER_DAY
        if rng.random() < users.returns[user] and back < _START + _DAYS * SECONDS_PER_DAY:
            write(product, "return", back, bought=True)


def _users_table(rng: np.random.Generator, count: int) -> pa.Table:
    pick = _picker(rng, count)
    return pa.table(
        {
            "user_id": pa.array([f"u{number:05}" for number in range(count)]),
            "age_group": pick(_AGE_GROUPS),
            "country": pick(_COUNTRIES),
            "newsletter": pa.array(rng.integers(0, 2, count), pa.int64()),
        }
    )


def _products_table(rng: np.random.Generator, products: _Products) -> pa.Table:
    count = len(products.category)
    names = list(_CATEGORIES)
    titles = []
    material = rng.integers(0, len(_MATERIALS), count)
    for index, category in enumerate(products.category):
        kinds = _CATEGORIES[names[category]][0]
        words = (_COLOURS[products.colour[index]], _MATERIALS[material[index]])
        titles.append(f"{kinds[index % len(kinds)]} in {words[0]} {words[1]}")
    in_range = (products.first_day <= _DAYS) & (products.last_day > _DAYS)
    sold_out = rng.random(count) < 0.05
    created = _START + products.first_day.astype("int64") * SECONDS_PER_DAY
    return pa.table(
        {
            "product_id": pa.array([f"p{number:05}" for number in range(count)]),
            "title": pa.array(titles),
            "category": pa.array([names[category] for category in products.category]),
            "style": pa.array([_STYLES[style] for style in products.style]),
            "colour": pa.array([_COLOURS[colour] for colour in products.colour]),
            "material": pa.array([_MATERIALS[number] for number in material]),
            "brand": _picker(rng, count)(_BRANDS),
            "price": pa.array(products.price, pa.float64()),
            "available": pa.array((in_range & ~sold_out).astype("int64"), pa.int64()),
            "created_at": pa.array(created, pa.int64()),
        }
    )


def _picker(rng: np.random.Generator, count: int) -> Callable[[tuple[str, ...]], pa.Array]:
    def pick(values: tuple[str, ...]) -> pa.Array:
        return pa.array([values[number] for number in rng.integers(0, len(values), count)])

    return pick
