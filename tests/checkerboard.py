"""A product database whose right answers are known: users of a colour buy products of that colour only."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

COLOURS = ("red", "blue", "green", "yellow")
NEWEST = 1_700_000_000
DAY = 86_400


def colour_of(number: int, num_colours: int = 2) -> str:
    """The colour of user or product number `number`."""
    return COLOURS[number % num_colours]


def write_checkerboard(
    path: Path,
    num_users: int = 60,
    num_products: int = 24,
    days: int = 120,
    seed: int = 1,
    with_users: bool = True,
    with_features: bool = True,
    num_colours: int = 2,
) -> str:
    """Writes a SQLite product database and returns its URL.

    User `u<n>` and product `p<n>` are of colour `n % num_colours`. Every user buys a basket of two to
    four products of the user's colour every four to eight days, up to a day before `NEWEST`: mostly
    favourites that come again, and now and then a product never bought before, so that the user's
    favourites and the rest of the colour are both worth recommending.
    """
    rng = random.Random(seed)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    if with_users:
        extra = ", colour_liked TEXT, age INTEGER" if with_features else ""
        connection.execute(f"CREATE TABLE users (user_id TEXT PRIMARY KEY{extra})")
        rows = [(f"u{n}", colour_of(n, num_colours), 20 + (n * 7) % 50) for n in range(num_users)]
        marks = "?, ?, ?" if with_features else "?"
        rows = rows if with_features else [row[:1] for row in rows]
        connection.executemany(f"INSERT INTO users VALUES ({marks})", rows)
    extra = ", colour TEXT, title TEXT, price REAL" if with_features else ""
    connection.execute(f"CREATE TABLE products (product_id TEXT PRIMARY KEY{extra})")
    products = [
        (f"p{n}", colour_of(n, num_colours), f"{colour_of(n, num_colours)} thing number {n}", 1.25 + n)
        for n in range(num_products)
    ]
    marks = "?, ?, ?, ?" if with_features else "?"
    connection.executemany(
        f"INSERT INTO products VALUES ({marks})", products if with_features else [row[:1] for row in products]
    )
    connection.execute(
        "CREATE TABLE events "
        "(user_id TEXT, product_id TEXT, occurred_at TEXT, basket_id TEXT, quantity INTEGER, price REAL)"
    )
    events = []
    for user in range(num_users):
        events += _user_events(rng, user, num_products, days, num_colours)
    events.sort(key=lambda row: row[2])
    connection.executemany(
        "INSERT INTO events VALUES (?, ?, strftime('%Y-%m-%dT%H:%M:%S', ?, 'unixepoch'), ?, ?, ?)", events
    )
    connection.execute("CREATE INDEX events_by_user ON events (user_id)")
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"


def _user_events(
    rng: random.Random, user: int, num_products: int, days: int, num_colours: int
) -> list[tuple[str, str, int, str, int, float]]:
    own = [number for number in range(num_products) if number % num_colours == user % num_colours]
    rng.shuffle(own)
    favourites, rest = own[:3], own[3:]
    rows = []
    stamp = NEWEST - days * DAY + rng.randrange(4 * DAY)
    while stamp < NEWEST - DAY:
        basket = rng.sample(favourites, min(2, len(favourites)))
        if rest and rng.random() < 0.4:
            basket.append(rest.pop())
        for line, number in enumerate(basket):
            quantity, price = 1 + line % 2, 1.25 + number
            rows.append((f"u{user}", f"p{number}", stamp + line, f"b{user}-{stamp}", quantity, price))
        stamp += rng.randrange(4 * DAY, 8 * DAY)
    return rows
