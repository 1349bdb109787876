"""What the contestants did, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.markdown import table


@dataclass(frozen=True)
class Measured:
    """One contestant.

    Attributes:
        name: Its name.
        pairs_per_step: Queries with a target that one step trains on.
        step_seconds: Median over the rounds.
        peak_megabytes: Of resident memory of its process.
    """

    name: str
    pairs_per_step: int
    step_seconds: float
    peak_megabytes: float

    @property
    def pairs_per_second(self) -> float:
        """Examples a second."""
        return self.pairs_per_step / self.step_seconds


def markdown(measured: Sequence[Measured]) -> str:
    """A table; the ratio is examples a second of the first contestant over those of the row."""
    head = ["trained by", "examples a step", "ms a step", "examples/s", "ratio", "peak MB"]
    return table(
        head,
        [
            [
                row.name,
                f"{row.pairs_per_step:,}",
                f"{1000 * row.step_seconds:.1f}",
                f"{row.pairs_per_second:,.0f}",
                f"{measured[0].pairs_per_second / row.pairs_per_second:.1f}",
                f"{row.peak_megabytes:,.0f}",
            ]
            for row in measured
        ],
    )
