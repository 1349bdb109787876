"""Many requests while versions come and products change: what becomes of memory and p99?

`python -m benchmarks.serving.soak --workdir .towerline --source shop.db` asks what is pushed in a work
directory, of which a copy is served, on a copy of its SQLite database.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.markdown import table
from benchmarks.serving.availability import changing, users_of
from benchmarks.serving.clients import Client, at_rate
from benchmarks.serving.server import Running, serving
from benchmarks.timing import percentile
from schema.errors import UserError
from schema.served.versions import newest_version

_CHANGED: Final = "SELECT product_id FROM products LIMIT 500"
"""Products whose rows change."""


@dataclass(frozen=True)
class Stretch:
    """A part of the requests.

    Attributes:
        requests: Since the beginning.
        versions: Pushed up to then.
        p50_ms, p99_ms: From the moment at which each request of the part was due.
        failed: Requests of the part without a list.
        resident_gb: Memory of the server after it.
    """

    requests: int
    versions: int
    p50_ms: float
    p99_ms: float
    failed: int
    resident_gb: float


def measure(
    workdir: Path, database: Path, num_requests: int, num_stretches: int, per_second: float, seed: int
) -> list[Stretch]:
    """Before every stretch but the first a new version is pushed: a copy of the one that is served.

    Args:
        workdir: With a pushed model.
        database: SQLite; a copy of it is changed, ten products a second.
        num_requests: In all.
        num_stretches: Parts into which they are divided.
        per_second: Requests.
        seed: Chooses users and changes.
    """
    with tempfile.TemporaryDirectory() as folder:
        shop, served = Path(shutil.copy(database, folder)), Path(folder) / "work"
        pushed = served / "serving"
        version = newest_version(workdir / "serving")
        if version is None:
            raise UserError(f"No model has been pushed. Received: --workdir {workdir}.")
        shutil.copytree(workdir / "serving" / str(version), pushed / str(version))
        queried = Random(seed).choices(users_of(shop), k=num_requests)
        connection = sqlite3.connect(shop)
        changed = [str(row[0]) for row in connection.execute(_CHANGED)]
        connection.close()
        found, size = [], num_requests // num_stretches
        with (
            serving(served, "--source", f"sqlite:///{shop}") as running,
            changing(shop, changed, 0.1, seed),
        ):
            client = Client(running.port)
            at_rate(client, queried[:50], per_second)
            for number in range(num_stretches):
                if number:
                    version = push_again(pushed, version)
                part = queried[number * size : (number + 1) * size]
                found.append(_stretch(client, running, part, per_second, (number + 1) * size, number + 1))
    return found


def push_again(pushed: Path, version: int) -> int:
    """Pushes a copy of a version under the next number, as the Pusher does, and takes older ones away."""
    new = version + 1
    shutil.copytree(pushed / str(version), pushed / f".{new}")
    (pushed / f".{new}").rename(pushed / str(new))
    for old in pushed.iterdir():
        if old.name.isdigit() and int(old.name) < version:
            shutil.rmtree(old)
    return new


def _stretch(
    client: Client, running: Running, users: Sequence[str], per_second: float, requests: int, versions: int
) -> Stretch:
    seconds, failed = at_rate(client, users, per_second)
    at = [1000 * percentile(seconds, percent) for percent in (50, 99)]
    return Stretch(requests, versions, at[0], at[1], failed, running.resident_gb())


def markdown(stretches: Sequence[Stretch]) -> str:
    """A row for each."""
    rows = [
        (
            f"{one.requests:,}",
            f"{one.versions}",
            f"{one.p50_ms:.1f}",
            f"{one.p99_ms:.1f}",
            f"{one.failed}",
            f"{one.resident_gb:.2f}",
        )
        for one in stretches
    ]
    return table(("requests", "versions", "p50, ms", "p99, ms", "without a list", "resident, GB"), rows)


def main(arguments: Sequence[str]) -> int:
    """Prints the table; 1 if a request got no list."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.soak", description=__doc__)
    parser.add_argument("--workdir", type=Path, default=Path(".towerline"), help="with a pushed model")
    parser.add_argument("--source", type=Path, required=True, help="SQLite file; it is copied")
    parser.add_argument("--requests", type=int, default=20_000, help="in all")
    parser.add_argument("--stretches", type=int, default=10, help="parts, each with a version of its own")
    parser.add_argument("--rate", type=float, default=50.0, help="requests a second")
    parser.add_argument("--seed", type=int, default=42, help="chooses users and changes")
    given = parser.parse_args(arguments)
    if not 0 < given.stretches <= given.requests or given.rate <= 0:
        parser.error("--stretches must be 1 to --requests, and --rate above 0.")
    try:
        found = measure(given.workdir, given.source, given.requests, given.stretches, given.rate, given.seed)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(markdown(found) + "\n")
    return 1 if any(one.failed for one in found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
