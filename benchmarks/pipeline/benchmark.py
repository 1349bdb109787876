"""Measures the stages on shops of growing size, each in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.pipeline.report import Measured
from benchmarks.pipeline.runs import new_shops, run_stages


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
        folder: See `new_shops`.
        seed: Seed of the shops.
        tell: Called with a line for each step.

    Raises:
        PipelineRefusedError: A run failed.
    """
    runs = []
    for size, (directory, num_events) in zip(sizes, new_shops(sizes, folder, seed, tell), strict=True):
        tell("Running the stages")
        ours = run_stages(stages, directory, stages)
        plain: list[dict[str, Any]] = []
        if size <= most_plain:
            tell("Running the straightforward way")
            plain = run_stages("plain", directory, "plain")
        runs.append(
            Measured(
                num_events,
                {stage["node"]: stage["seconds"] for stage in ours},
                {stage["node"]: stage["peak_memory"] for stage in ours},
                {stage["node"]: stage["seconds"] for stage in plain},
                {stage["node"]: stage["peak_memory"] for stage in plain},
            )
        )
    return runs
