"""Product databases of any size with the statistics of the Complete Journey demo.

Users, baskets and events grow together; the catalogue grows as the sold products of the demo do from its
500 to its 2,469 households, with the 0.4th power of the events.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

EVENTS_PER_USER: Final = 100
_SOLD_OF_DEMO: Final = (285_803, 35_601)
_VOCABULARY_POWER: Final = 0.4
_BASKET_MEDIAN, _BASKET_P90 = 5.0, 24.0
_REPEATED: Final = 0.36  # drawn again on purpose; popular products come again by chance besides
_ZIPF_SHIFT, _ZIPF_POWER = 40.0, 1.05
_DAYS: Final = 365
_DAY: Final = 86_400
_START: Final = 1_483_228_800
_DEPARTMENTS, _CATEGORIES, _TYPES = 32, 303, 2_378
_ROWS_AT_ONCE: Final = 50_000
_AGES: Final = ("19-24", "25-34", "35-44", "45-54", "55-64", "65+")
_INCOMES: Final = ("under 35K", "35-49K", "50-74K", "75-99K", "100K+")

Columns = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Shop:
    """The tables of a database, by column.

    Attributes:
        users: `user_id`, `age`, `income`.
        products: `product_id`, `department`, `product_category`, `product_type`, `brand`.
        events: `user_id`, `product_id`, `occurred_at`, `basket_id`, `quantity`, `price`, by user and time.
        user: Row in `users` of each event.
        product: Row in `products` of each event.
    """

    users: Columns
    products: Columns
    events: Columns
    user: np.ndarray
    product: np.ndarray

    def joined(self) -> Iterator[tuple[str, ...]]:
        """The events with the columns of their user and product, a header first."""
        parts: list[Columns] = [
            self.events,
            {name: column[self.user] for name, column in self.users.items() if name != "user_id"},
            {name: column[self.product] for name, column in self.products.items() if name != "product_id"},
        ]
        columns = {name: column for part in parts for name, column in part.items()}
        yield tuple(columns)
        yield from zip(*columns.values(), strict=True)


def make_shop(num_events: int, seed: int) -> Shop:
    """Draws a shop with about so many events."""
    rng = np.random.default_rng(seed)
    num_users = max(num_events // EVENTS_PER_USER, 20)
    num_products = int(_SOLD_OF_DEMO[1] * (num_events / _SOLD_OF_DEMO[0]) ** _VOCABULARY_POWER)
    sigma = np.log(_BASKET_P90 / _BASKET_MEDIAN) / 1.2816
    mean = _BASKET_MEDIAN * np.exp(sigma**2 / 2)
    sizes = np.maximum(np.rint(rng.lognormal(np.log(_BASKET_MEDIAN), sigma, int(num_events / mean))), 1)
    sizes = np.minimum(sizes, 200).astype(np.int64)
    owner = np.sort(rng.integers(0, num_users, len(sizes)))
    time = rng.integers(0, _DAYS * _DAY, len(sizes))
    time = time[np.lexsort((time, owner))]
    basket = np.repeat(np.arange(len(sizes)), sizes)
    user = owner[basket]
    product = _products(rng, user, num_products)
    line = np.arange(len(basket)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    stamps = (_START + time[basket] + line).astype("datetime64[s]").astype(str)
    events = {
        "user_id": _ids("u", num_users)[user],
        "product_id": _ids("p", num_products)[product],
        "occurred_at": stamps,
        "basket_id": _ids("b", len(sizes))[basket],
        "quantity": rng.geometric(0.7, len(basket)),
        "price": np.round(rng.lognormal(1.0, 0.6, len(basket)), 2),
    }
    return Shop(_user_table(rng, num_users), _product_table(rng, num_products), events, user, product)


def _products(rng: np.random.Generator, user: np.ndarray, num_products: int) -> np.ndarray:
    """Rows of the products: what the user bought before, or what is popular (Zipf and Mandelbrot)."""
    weights = (np.arange(num_products) + _ZIPF_SHIFT) ** -_ZIPF_POWER
    order = rng.permutation(num_products)
    drawn = order[np.searchsorted(np.cumsum(weights / weights.sum()), rng.random(len(user)))]
    begin = np.searchsorted(user, user)
    row = np.arange(len(user))
    earlier = begin + (rng.random(len(user)) * (row - begin)).astype(np.int64)
    source = np.where((rng.random(len(user)) < _REPEATED) & (row > begin), earlier, row)
    while not np.array_equal(source, source[source]):  # a repetition of a repetition
        source = source[source]
    return np.asarray(drawn[source])


def _user_table(rng: np.random.Generator, count: int) -> Columns:
    return {
        "user_id": _ids("u", count),
        "age": rng.choice(_AGES, count),
        "income": rng.choice(_INCOMES, count),
    }


def _product_table(rng: np.random.Generator, count: int) -> Columns:
    kind = rng.integers(0, _TYPES, count)
    category = kind % _CATEGORIES
    return {
        "product_id": _ids("p", count),
        "department": _ids("department ", _DEPARTMENTS)[category % _DEPARTMENTS],
        "product_category": _ids("category ", _CATEGORIES)[category],
        "product_type": _ids("type ", _TYPES)[kind],
        "brand": np.where(rng.random(count) < 0.3, "Private", "National"),
    }


def _ids(prefix: str, count: int) -> np.ndarray:
    return np.array([f"{prefix}{number}" for number in range(count)])


def write_shop(database: Path, joined: Path, num_events: int, seed: int) -> Shop:
    """Writes the SQLite product database, and its events joined with everything as a CSV file."""
    shop = make_shop(num_events, seed)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        for name in ("users", "products", "events"):
            _write_table(connection, name, getattr(shop, name))
        for column in ("user_id", "occurred_at"):
            connection.execute(f"CREATE INDEX events_{column} ON events ({column})")
        connection.execute("ANALYZE")
        connection.commit()
    with joined.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(shop.joined())
    return shop


def _write_table(connection: sqlite3.Connection, name: str, columns: Columns) -> None:
    kinds = {"i": "INTEGER", "f": "REAL", "U": "TEXT"}
    declared = ", ".join(f"{column} {kinds[values.dtype.kind]}" for column, values in columns.items())
    connection.execute(f"CREATE TABLE {name} ({declared})")
    statement = f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})"
    size = len(next(iter(columns.values())))
    for start in range(0, size, _ROWS_AT_ONCE):
        rows = (values[start : start + _ROWS_AT_ONCE].tolist() for values in columns.values())
        connection.executemany(statement, zip(*rows, strict=True))
