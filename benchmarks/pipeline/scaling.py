"""How the data stages scale with the workers of a Beam runner, beside one process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.markdown import table
from benchmarks.pipeline.runs import new_shops, run_stages

BEAM_STAGES: Final = ("ProductExampleGen", "StatisticsGen", "Transform")
"""Stages that run on the runner; the others stay in the process."""
WORKERS: Final = (1, 2)
_OF_WORKERS: Final = {
    "flink": ("--parallelism={}",),
    "direct": ("--direct_running_mode=multi_processing", "--direct_num_workers={}"),
}


@dataclass(frozen=True)
class Scaling:
    """The stages of one shop.

    Attributes:
        num_events: Events of the shop.
        alone: Stage -> seconds in one process.
        by_workers: Number of workers -> stage -> seconds.
    """

    num_events: int
    alone: Mapping[str, float]
    by_workers: Mapping[int, Mapping[str, float]]

    def speed_up(self, stage: str) -> float:
        """How many times as fast with the most workers as with the fewest."""
        fewest, most = min(self.by_workers), max(self.by_workers)
        return self.by_workers[fewest][stage] / self.by_workers[most][stage]


def beam_of(runner: str, num_workers: int, args: Sequence[str]) -> dict[str, Any]:
    """Settings `beam` for a number of workers; `args` are those that say where the runner is."""
    return {"runner": runner, "args": [*args, *(text.format(num_workers) for text in _OF_WORKERS[runner])]}


def measure_scaling(
    sizes: Sequence[int],
    runner: str,
    args: Sequence[str],
    folder: Path,
    seed: int,
    tell: Callable[[str], None],
) -> list[Scaling]:
    """Measures shop after shop: in one process, then with each number of workers.

    Args:
        sizes: Events of the shops, about.
        runner: `flink` or `direct`.
        args: Arguments of Beam but the number of workers.
        folder: See `new_shops`.
        seed: Seed of the shops.
        tell: Called with a line for each step.

    Raises:
        PipelineRefusedError: A run failed.
    """
    found = []
    for directory, num_events in new_shops(sizes, folder, seed, tell):
        tell("Running the stages in one process")
        alone = _seconds(directory, "alone", {})
        by_workers = {}
        for count in WORKERS:
            tell(f"Running the stages with {runner}, workers: {count}")
            by_workers[count] = _seconds(directory, f"{runner}-{count}", beam_of(runner, count, args))
        found.append(Scaling(num_events, alone, by_workers))
    return found


def _seconds(directory: Path, name: str, beam: Mapping[str, Any]) -> dict[str, float]:
    stages = run_stages("data", directory, name, beam)
    return {stage["node"]: stage["seconds"] for stage in stages if stage["node"] in BEAM_STAGES}


def scaling_table(runs: Sequence[Scaling], runner: str, command: str) -> str:
    """The table, with the command that gives it."""
    workers = sorted(runs[0].by_workers)
    head = ["events", "stage", "one process, s", *(f"{runner}, workers: {count}, s" for count in workers)]
    rows = [
        [
            f"{run.num_events:,}",
            stage,
            f"{run.alone[stage]:.1f}",
            *(f"{run.by_workers[count][stage]:.1f}" for count in workers),
            f"{run.speed_up(stage):.2f}",
        ]
        for run in runs
        for stage in run.alone
    ]
    return f"`{command}`\n\n{table([*head, 'times as fast'], rows)}\n"


def scaling_as_dict(runs: Sequence[Scaling]) -> dict[str, Any]:
    """The measurements for `--json`."""
    return {"runs": [asdict(run) for run in runs]}
