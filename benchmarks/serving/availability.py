"""Random changes of availability while a server answers: does anything that is sold out come?

`python -m benchmarks.serving.availability --workdir .towerline --source shop.db` measures what is pushed in a
work directory, on a copy of its SQLite database.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.serving.clients import Client
from benchmarks.serving.server import serving
from benchmarks.timing import percentile

_CLIENTS = 8
_TOP_K = 10
_ALLOWED_SECONDS = 2.0


@dataclass(frozen=True)
class Change:
    """A product became available, or ceased to be, and everybody can read it since then.

    Attributes:
        product_id: Which one.
        available: What it is now.
        at: Seconds of `time.monotonic`.
    """

    product_id: str
    available: bool
    at: float


@dataclass(frozen=True)
class Answered:
    """An answer.

    Attributes:
        sent: When it was asked for, seconds of `time.monotonic`.
        came: When it was there.
        product_ids: What was in it.
    """

    sent: float
    came: float
    product_ids: tuple[str, ...]


@dataclass(frozen=True)
class Measured:
    """What was measured.

    Attributes:
        requests: Answers that were looked at, all of them given while things changed.
        refused: Requests that were not answered, since too many waited.
        changes: Of availability, while they were given.
        violations: Products in answers that were not available for longer than allowed when they came.
        certain: Of those, how many were not available for longer than allowed already when they were asked
            for: the server knew too little. The others may have waited, in the server or for the client.
        slowest_seconds: The longest time for which a product was still shown.
        p50_ms, p99_ms: Of answers, while rows are written as they were, and while they change.
    """

    requests: int
    refused: int
    changes: int
    violations: int
    certain: int
    slowest_seconds: float
    p50_ms: tuple[float, float]
    p99_ms: tuple[float, float]


def lateness(changes: Iterable[Change], answers: Iterable[Answered], when_asked: bool = False) -> list[float]:
    """For how many seconds each product had not been available that was shown nevertheless.

    Args:
        changes: In their order.
        answers: Whatever was answered meanwhile.
        when_asked: Whether they are counted up to the question and not up to the answer.
    """
    by_product: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_product[change.product_id].append(change)
    late = []
    for answer in answers:
        for product_id in answer.product_ids:
            known = by_product.get(product_id, [])
            last = bisect_right([change.at for change in known], answer.came) - 1
            if last >= 0 and not known[last].available:
                late.append((answer.sent if when_asked else answer.came) - known[last].at)
    return late


@contextmanager
def changing(
    database: Path, product_ids: Sequence[str], seconds: float, seed: int, flips: bool = True
) -> Iterator[list[Change]]:
    """Sells products out and brings them back at random, one every so many seconds, and notes it.

    Without `flips` the same rows are written and stay as they are.
    """
    made: list[Change] = []
    stopped = threading.Event()

    def change() -> None:
        rng = random.Random(seed)
        connection = sqlite3.connect(database, timeout=30)
        available = dict.fromkeys(product_ids, True)
        while not stopped.wait(seconds):
            product_id = rng.choice(list(product_ids))
            available[product_id] = available[product_id] != flips
            with connection:
                connection.execute(
                    "UPDATE products SET available = ? WHERE CAST(product_id AS TEXT) = ?",
                    (int(available[product_id]), product_id),
                )
            made.append(Change(product_id, available[product_id], time.monotonic()))
        connection.close()

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield made
    finally:
        stopped.set()
        thread.join()


def users_of(shop: Path) -> list[str]:
    """Users of a shop, whose products have a column `available` from now on."""
    connection = sqlite3.connect(shop)
    users = [str(row[0]) for row in connection.execute("SELECT DISTINCT user_id FROM events LIMIT 5000")]
    if "available" not in [row[1] for row in connection.execute("PRAGMA table_info(products)")]:
        connection.execute("ALTER TABLE products ADD COLUMN available INTEGER DEFAULT 1")
    connection.close()
    return users


def measure(
    workdir: Path, database: Path, num_requests: int, per_second: float, seconds: float, seed: int
) -> Measured:
    """Asks while rows are written that stay as they were, then while they change.

    Args:
        workdir: With a pushed model.
        database: SQLite; a copy of it is changed.
        num_requests: In all, half of them before anything changes.
        per_second: Requests.
        seconds: Between two changes.
        seed: Chooses users and changes.
    """
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(shutil.copy(database, folder))
        users = users_of(shop)
        queried = random.Random(seed).choices(users, k=num_requests)
        half = num_requests // 2
        with serving(workdir, "--source", f"sqlite:///{shop}") as running:
            client = Client(running.port)
            first = _answers(client, queried[:50], per_second)
            shown = sorted({name for answer in first for name in answer.product_ids})
            with changing(shop, shown, seconds, seed, flips=False):
                before = _answers(client, queried[:half], per_second)
            with changing(shop, shown, seconds, seed) as changes:
                after = _answers(client, queried[half:], per_second)
    late = lateness(changes, after)
    times = [[1000 * (answer.came - answer.sent) for answer in answers] for answers in (before, after)]
    return Measured(
        requests=len(after),
        refused=num_requests - len(before) - len(after),
        changes=len(changes),
        violations=sum(value > _ALLOWED_SECONDS for value in late),
        certain=sum(value > _ALLOWED_SECONDS for value in lateness(changes, after, when_asked=True)),
        slowest_seconds=max(late, default=0.0),
        p50_ms=(_percentile(times[0], 50), _percentile(times[1], 50)),
        p99_ms=(_percentile(times[0], 99), _percentile(times[1], 99)),
    )


def _answers(client: Client, users: Sequence[str], per_second: float) -> list[Answered]:
    start = time.monotonic() + 0.1

    def one(number: int) -> Answered | None:
        due = start + number / per_second
        time.sleep(max(0.0, due - time.monotonic()))
        sent = time.monotonic()
        items = client.items(users[number], _TOP_K)
        return None if items is None else Answered(sent, time.monotonic(), tuple(items))

    with ThreadPoolExecutor(_CLIENTS) as pool:
        return [answer for answer in pool.map(one, range(len(users))) if answer is not None]


def _percentile(times: Sequence[float], percent: int) -> float:
    return round(percentile(times, percent), 2)


def main(arguments: Sequence[str]) -> int:
    """Prints what was measured; 1 if something was shown that should not have been."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.availability", description=__doc__)
    parser.add_argument("--workdir", type=Path, default=Path(".towerline"), help="with a pushed model")
    parser.add_argument("--source", type=Path, required=True, help="SQLite file; it is copied")
    parser.add_argument("--requests", type=int, default=20_000, help="half of them while things change")
    parser.add_argument("--rate", type=float, default=50.0, help="requests a second")
    parser.add_argument("--every", type=float, default=0.05, help="seconds between two changes")
    parser.add_argument("--seed", type=int, default=42, help="chooses users and changes")
    given = parser.parse_args(arguments)
    found = measure(given.workdir, given.source, given.requests, given.rate, given.every, given.seed)
    sys.stdout.write(json.dumps(asdict(found), indent=1) + "\n")
    return 1 if found.violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
