"""The benchmark: a database, a run for each seed, a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.quality.commands import run_pipeline, write_database
from benchmarks.quality.protocols import Protocol
from benchmarks.quality.report import Report, build_report


def measure(
    protocol: Protocol,
    seeds: Sequence[int],
    directory: Path,
    tell: Callable[[str], None],
    settings: Sequence[str] = (),
    config: str | None = None,
) -> Report:
    """Runs the pipeline for each seed in one work directory, so that the seeds share what has none.

    Nothing is refitted, and each seed has a push directory of its own: no seed is the champion of another.

    Args:
        protocol: The data and how they are asked.
        seeds: Seeds of everything random.
        directory: Where the database and the work directory are made.
        tell: Called with a line for each step.
        settings: `key=value` of the user; they go before those of the protocol.
        config: A configuration file of the user.

    Raises:
        UserError: The data are missing, or a setting is wrong.
        PipelineRefusedError: A run refused before it had measured.
    """
    folder = directory.expanduser().absolute() / f"quality-{protocol.name}"
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "shop.db"
    tell(f"Writing {protocol.data} ({protocol.profile}) to {database}")
    write_database(protocol, database)
    runs = []
    for number, seed in enumerate(seeds, start=1):
        tell(f"Seed {seed} ({number} of {len(seeds)})")
        fixed = ("refit=false", f"seed={seed}", f"push.directory={folder / f'serving-{seed}'}")
        runs.append(run_pipeline(database, folder / "run", (*protocol.settings, *fixed, *settings), config))
    return build_report(protocol, seeds, runs)
