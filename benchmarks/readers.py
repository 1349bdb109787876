"""Rows a second of the Arrow-native reader against plain SQLAlchemy, on the same data in the same run.

    python -m benchmarks.readers sqlite:///data/shop.db [more URLs]

Both paths must give equal tables; the fastest of several alternating rounds counts.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from schema.errors import UserError
from schema.source import mask_url, open_source
from schema.source_settings import SourceSettings


@dataclass(frozen=True)
class Comparison:
    """What both paths did on one database.

    Attributes:
        label: The database, without its password.
        num_rows: Events read.
        arrow_seconds: Fastest round of the Arrow-native path.
        rows_seconds: Fastest round of SQLAlchemy.
    """

    label: str
    num_rows: int
    arrow_seconds: float
    rows_seconds: float

    def line(self) -> str:
        """Returns the result in words."""
        arrow, rows = self.num_rows / self.arrow_seconds, self.num_rows / self.rows_seconds
        return (
            f"{self.label}: {self.num_rows:,} events; Arrow-native {arrow:,.0f} rows/s, "
            f"SQLAlchemy {rows:,.0f} rows/s, ratio {arrow / rows:.1f}"
        )


def compare(url: str, rounds: int) -> Comparison:
    """Reads all events by both paths.

    Raises:
        RuntimeError: The two tables differ.
    """
    best: dict[bool, float] = {}
    tables: dict[bool, pa.Table] = {}
    for _ in range(rounds):
        for arrow_native in (True, False):
            with open_source(SourceSettings(url=url), arrow_native) as source:
                start = time.perf_counter()
                tables[arrow_native] = source.read_events()
                seconds = time.perf_counter() - start
            best[arrow_native] = min(best.get(arrow_native, seconds), seconds)
    if not tables[True].equals(tables[False]):
        raise RuntimeError(f"The two readers disagree on {mask_url(url)}.")
    return Comparison(mask_url(url), tables[True].num_rows, best[True], best[False])


def main(arguments: Sequence[str] | None = None) -> int:
    """Compares both paths on each URL and writes a line for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("urls", nargs="+", help="product databases: sqlite:///shop.db, postgresql://…")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    try:
        for url in options.urls:
            sys.stdout.write(compare(url, options.rounds).line() + "\n")
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
