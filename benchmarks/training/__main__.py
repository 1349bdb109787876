"""Trains in turn and prints the table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import benchmarks.training
from benchmarks.ablation.finished_run import FinishedRun
from benchmarks.markdown import table
from benchmarks.timing import median, quotients, spread
from benchmarks.training.naming import CONTESTANTS
from benchmarks.training.processes import started
from schema.errors import UserError


def measure(run: FinishedRun, rounds: int, num_steps: int, seed: int) -> list[Measured]:
    """Starts all contestants, then lets them fit one after the other, round by round."""
    with ExitStack() as stack:
        workers = {name: stack.enter_context(started(name, run, num_steps, seed)) for name in CONTESTANTS}
        seconds: dict[str, list[float]] = {name: [] for name in workers}
        for _ in range(rounds):
            for name, worker in workers.items():
                seconds[name].append(worker.fit() / num_steps)
        return [
            Measured(name, worker.pairs_per_step, tuple(seconds[name]), worker.stop())
            for name, worker in workers.items()
        ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the comparison."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training",
        description=benchmarks.training.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--workdir", required=True, help="of a finished `towerline run`; it is only read")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=40, help="of each round")
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args(arguments)
    try:
        run = FinishedRun.open(Path(options.workdir))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    measured = measure(run, options.rounds, options.steps, options.seed)
    sys.stdout.write(f"Median of {options.rounds} rounds of {options.steps} steps, in turn (least–most).\n\n")
    sys.stdout.write(markdown(measured) + "\n")
    return 0


@dataclass(frozen=True)
class Measured:
    """One contestant.

    Attributes:
        name: Its name.
        pairs_per_step: Queries with a target that one step trains on.
        step_seconds: Of each round.
        peak_megabytes: Of resident memory of its process.
    """

    name: str
    pairs_per_step: int
    step_seconds: tuple[float, ...]
    peak_megabytes: float

    @property
    def seconds_per_pair(self) -> list[float]:
        """Of each round."""
        return [seconds / self.pairs_per_step for seconds in self.step_seconds]


def markdown(measured: Sequence[Measured]) -> str:
    """A table; the ratio is examples a second of the first contestant over those of the row, by rounds."""
    head = ["trained by", "examples a step", "ms a step", "examples/s", "ratio", "peak MB"]
    ours = measured[0].seconds_per_pair
    return table(
        head,
        [
            [
                row.name,
                f"{row.pairs_per_step:,}",
                f"{1000 * median(row.step_seconds):.1f}",
                f"{1 / median(row.seconds_per_pair):,.0f}",
                spread(quotients(row.seconds_per_pair, ours)),
                f"{row.peak_megabytes:,.0f}",
            ]
            for row in measured
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
