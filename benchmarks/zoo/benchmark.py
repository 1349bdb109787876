"""Runs the pipeline on each shop of the zoo."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.quality.commands import run_pipeline, write_database
from benchmarks.quality.protocols import protocol
from benchmarks.zoo.database import write_shop
from benchmarks.zoo.recipes import ZOO
from benchmarks.zoo.report import Result, result_of
from schema.errors import UserError

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
        shops: Some of `SHOPS`.
        seed: Of the shops and of the runs.
        directory: Where databases and work directories are made.
        tell: Called with a line for each step.
        settings: `key=value` of the user.
        config: A configuration file of the user.

    Raises:
        UserError: There is no such shop.
        PipelineRefusedError: A run refused before it had measured.
    """
    unknown = [name for name in shops if name not in SHOPS]
    if unknown:
        raise UserError(
            f"`--shops` takes some of {', '.join(SHOPS)}. Received: {', '.join(unknown)}. "
            "Remedy: name known shops, separated by commas."
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
        write_shop(ZOO[name].recipe, database, seed)
