"""Runs the pipeline on each shop of the zoo."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.quality.commands import run_pipeline, write_database
from benchmarks.quality.protocols import protocol
from benchmarks.zoo.process import FIRST_DAY, Events, Recipe, Shop
from benchmarks.zoo.random_recipes import random_recipe
from benchmarks.zoo.recipes import ZOO
from benchmarks.zoo.report import Result, result_of
from schema import names
from schema.errors import UserError
from schema.files import whole_file

REAL: Final = {"complete-journey": ("complete-journey", "quick"), "movielens": ("movielens-100k", "full")}
"""Shops read from installed packages: the data set and its profile."""
SHOPS: Final = (*ZOO, *REAL)


def measure(
    shops: Sequence[str],
    seed: int,
    directory: Path,
    tell: Callable[[str], None],
    settings: Sequence[str] = (),
    config: str | None = None,
) -> Iterator[Result]:
    """Writes and runs each shop, with Towerline's defaults; nothing is refitted.

    Args:
        shops: Some of `SHOPS`, or `random-N` (see `random_recipe`).
        seed: Of the shops and of the runs.
        directory: Where databases and work directories are made.
        tell: Called with a line for each step.
        settings: `key=value` of the user.
        config: A configuration file of the user.

    Raises:
        UserError: There is no such shop.
        PipelineRefusedError: A run refused before it had measured.
    """
    unknown = [name for name in shops if name not in SHOPS and random_recipe(name) is None]
    if unknown:
        raise UserError(
            f"`--shops` takes some of {', '.join(SHOPS)}, and random-1, random-2 and so on. "
            f"Received: {', '.join(unknown)}. Remedy: name known shops, separated by commas."
        )
    folder = directory.expanduser().absolute() / "zoo"
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(shops, start=1):
        tell(f"{name} ({number} of {len(shops)})")
        database = folder / f"{name}.db"
        _write(name, database, seed)
        started = time.monotonic()
        fixed = ("refit=false", f"seed={seed}", *settings)
        run = run_pipeline(database, folder / name, fixed, config)
        yield result_of(name, run, time.monotonic() - started)


def _write(name: str, database: Path, seed: int) -> None:
    if name in REAL:
        write_database(protocol(*REAL[name]), database, by_own_clock=True)
    else:
        write_shop(random_recipe(name) or ZOO[name].recipe, database, seed)


_COLOURS = ("red", "green", "blue", "white", "black", "grey", "brown", "pink")


def write_shop(recipe: Recipe, path: Path, seed: int) -> int:
    """Simulates a recipe and writes it; returns the number of events.

    Args:
        recipe: What the shop is like.
        path: SQLite file; an older one is replaced when the new one is whole.
        seed: Of everything random.
    """
    events = Shop(recipe, seed).run()
    with (
        whole_file(path) as unfinished,
        contextlib.closing(sqlite3.connect(unfinished)) as connection,
        connection,
    ):
        _write_products(connection, events, seed)
        _write_events(connection, events, recipe)
    return len(events.user)


def _write_products(connection: sqlite3.Connection, events: Events, seed: int) -> None:
    random = np.random.default_rng(seed)
    count = len(events.group)
    price = np.round(np.exp(random.normal(2.5 + 0.02 * events.group, 0.5)), 2)
    colour = random.integers(0, len(_COLOURS), count)
    connection.execute(
        "CREATE TABLE products (product_id TEXT PRIMARY KEY, category TEXT, title TEXT, price REAL, "
        "available INTEGER, created_at INTEGER)"
    )
    connection.executemany(
        "INSERT INTO products VALUES (?, ?, ?, ?, ?, ?)",
        (
            (
                f"p{product}",
                f"group {events.group[product]}",
                f"{_COLOURS[colour[product]]} article of group {events.group[product]}",
                float(price[product]),
                int(events.available[product]),
                FIRST_DAY + int(events.listed[product]) * names.SECONDS_PER_DAY,
            )
            for product in range(count)
        ),
    )


def _write_events(connection: sqlite3.Connection, events: Events, recipe: Recipe) -> None:
    rating = ", rating INTEGER" if recipe.ratings else ""
    connection.execute(
        "CREATE TABLE events (user_id TEXT, product_id TEXT, occurred_at INTEGER, event_type TEXT, "
        f"basket_id TEXT{rating})"
    )
    columns = [
        (f"u{user}" for user in events.user),
        (f"p{product}" for product in events.product),
        events.time.tolist(),
        events.kind.tolist(),
        (f"b{basket}" for basket in events.basket),
    ]
    if recipe.ratings:
        columns.append(events.rating.tolist())
    marks = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO events VALUES ({marks})", zip(*columns, strict=True))
    connection.execute("CREATE INDEX events_of_user ON events (user_id, occurred_at)")
