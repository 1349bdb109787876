"""Measures the stages on shops of growing size, each in a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.pipeline.report import Measured
from benchmarks.pipeline.shops import write_shop
from schema.errors import PipelineRefusedError

_RUNNER: Final = "pipeline.runs.timed_nodes"


def measure(
    sizes: Sequence[int],
    stages: str,
    most_plain: int,
    folder: Path,
    seed: int,
    tell: Callable[[str], None],
) -> list[Measured]:
    """Measures shop after shop.

    Args:
        sizes: Events of the shops, about.
        stages: `data` (up to Transform) or `all`.
        most_plain: Larger shops are not given to the straightforward way.
        folder: Where everything is written; what an earlier call left there is removed.
        seed: Seed of the shops.
        tell: Told what is going on.

    Raises:
        PipelineRefusedError: A run failed.
    """
    runs = []
    for size in sizes:
        directory = folder / str(size)
        shutil.rmtree(directory, ignore_errors=True)
        (directory / "joined").mkdir(parents=True)
        tell(f"Writing a shop of about {size:,} events")
        shop = write_shop(directory / "shop.db", directory / "joined" / "rows.csv", size, seed)
        tell("Running the stages")
        ours = _run(stages, directory)
        plain: list[dict[str, Any]] = []
        if size <= most_plain:
            tell("Running the straightforward way")
            plain = _run("plain", directory)
        runs.append(
            Measured(
                len(shop.product),
                {stage["node"]: stage["seconds"] for stage in ours},
                {stage["node"]: stage["peak_memory"] for stage in ours},
                {stage["node"]: stage["seconds"] for stage in plain},
                {stage["node"]: stage["peak_memory"] for stage in plain},
            )
        )
    return runs


def _run(kind: str, directory: Path) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", _RUNNER, kind, "--source", f"sqlite:///{directory / 'shop.db'}"]
    command += ["--joined", str(directory / "joined"), "--workdir", str(directory / f"work-{kind}")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise PipelineRefusedError(f"The run of `{kind}` in {directory} failed; its message stands above.")
    stages: list[dict[str, Any]] = json.loads(done.stdout)
    return stages
