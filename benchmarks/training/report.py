"""What the contestants did, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.markdown import table
from benchmarks.timing import median, quotients, spread


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
