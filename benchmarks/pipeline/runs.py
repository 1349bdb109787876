"""Shops of a size, and the stages run on them, each time in a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.pipeline.shops import write_shop
from schema.errors import PipelineRefusedError

_RUNNER: Final = "pipeline.runs.timed_nodes"


def new_shops(
    sizes: Sequence[int], folder: Path, seed: int, tell: Callable[[str], None]
) -> Iterator[tuple[Path, int]]:
    """Writes shop after shop, and yields the folder of each and its number of events.

    Args:
        sizes: Events of the shops, about.
        folder: Where each has a folder of its own; what an earlier call left there is removed.
        seed: Seed of the shops.
        tell: Called with a line for each step.
    """
    for size in sizes:
        directory = folder / str(size)
        shutil.rmtree(directory, ignore_errors=True)
        (directory / "joined").mkdir(parents=True)
        tell(f"Writing a shop of about {size:,} events")
        shop = write_shop(directory / "shop.db", directory / "joined" / "rows.csv", size, seed)
        yield directory, len(shop.product)


def run_stages(
    kind: str, directory: Path, name: str, beam: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Runs the stages on a shop.

    Args:
        kind: One of `timed_nodes.KINDS`.
        directory: From `new_shops`.
        name: Of the run, distinct in the folder.
        beam: Settings `beam`; those of the default if none.

    Raises:
        PipelineRefusedError: The run failed.
    """
    command = [sys.executable, "-m", _RUNNER, kind, "--source", f"sqlite:///{directory / 'shop.db'}"]
    command += ["--joined", str(directory / "joined"), "--workdir", str(directory / f"work-{name}")]
    command += ["--beam", json.dumps(dict(beam or {}))]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise PipelineRefusedError(f"The run of `{name}` in {directory} failed; its message stands above.")
    stages: list[dict[str, Any]] = json.loads(done.stdout)
    return stages
