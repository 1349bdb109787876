"""What was measured of the stages, and the tables that show it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.markdown import NOTHING, table

COMPARED: Final = ("ProductExampleGen", "Transform")
"""Stages that do together what the straightforward way does in `PLAIN`."""
PLAIN: Final = ("CsvExampleGen", "Transform")
GOAL_EXPONENT: Final = 1.05
GOAL_RATIO: Final = 3.0


@dataclass(frozen=True)
class Measured:
    """The runs on one shop.

    Attributes:
        num_events: Events of the shop.
        seconds: Stage -> seconds.
        peak_memory: Stage -> most resident bytes of the process and its children meanwhile.
        plain_seconds: The same of the straightforward way; nothing if it was left out.
        plain_memory: Likewise.
    """

    num_events: int
    seconds: Mapping[str, float]
    peak_memory: Mapping[str, int]
    plain_seconds: Mapping[str, float]
    plain_memory: Mapping[str, int]

    def ratio(self) -> float | None:
        """How many times as many events a second as the straightforward way."""
        if not self.plain_seconds:
            return None
        ours = sum(self.seconds[stage] for stage in COMPARED)
        return sum(self.plain_seconds[stage] for stage in PLAIN) / ours


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The power of the size with which values grow: least squares on logarithms.

    Raises:
        ValueError: There are fewer than two sizes.
    """
    if len(set(sizes)) < 2:
        raise ValueError(f"A growth needs two sizes. Received: sizes={list(sizes)}. Remedy: measure more.")
    x, y = [math.log(size) for size in sizes], [math.log(value) for value in values]
    centre, middle = sum(x) / len(x), sum(y) / len(y)
    spread = sum((one - centre) ** 2 for one in x)
    return sum((one - centre) * (other - middle) for one, other in zip(x, y, strict=True)) / spread


def growth(runs: Sequence[Measured], stage: str) -> tuple[float, float]:
    """Exponents of a stage's seconds: over all sizes, and between the two largest alone.

    The first is flattered by what a stage costs on any data; the second says where it is heading.
    """
    sizes, seconds = [run.num_events for run in runs], [run.seconds[stage] for run in runs]
    return exponent(sizes, seconds), exponent(sizes[-2:], seconds[-2:])


def markdown(runs: Sequence[Measured], command: str) -> str:
    """The tables, with the command that gives them."""
    head = ["stage"]
    for run in runs:
        head += [f"{run.num_events:,} events: s", "events/s", "peak GB"]
    head += ["exponent", "last step"] if len(runs) > 1 else []
    rows = [_row(runs, stage) for stage in runs[0].seconds]
    parts = [f"`{command}`", table(head, rows)]
    if any(run.plain_seconds for run in runs):
        parts.append(table(["the straightforward way", *head[1 : 1 + 3 * len(runs)]], _plain_rows(runs)))
        ratios = [f"{run.ratio():.1f} ({run.num_events:,} events)" for run in runs if run.plain_seconds]
        parts.append(
            f"{' + '.join(COMPARED)} against {' + '.join(PLAIN)}, events a second: "
            f"{', '.join(ratios)} times (goal: {GOAL_RATIO:.0f})."
        )
    return "\n\n".join(parts) + "\n"


def _row(runs: Sequence[Measured], stage: str) -> list[str]:
    cells = [stage]
    for run in runs:
        cells += _cells(run.num_events, run.seconds[stage], run.peak_memory[stage])
    if len(runs) > 1:
        cells += [f"{value:.2f}" for value in growth(runs, stage)]
    return cells


def _plain_rows(runs: Sequence[Measured]) -> list[list[str]]:
    rows = []
    for stage in next(run.plain_seconds for run in runs if run.plain_seconds):
        cells = [stage]
        for run in runs:
            if run.plain_seconds:
                cells += _cells(run.num_events, run.plain_seconds[stage], run.plain_memory[stage])
            else:
                cells += [NOTHING] * 3
        rows.append(cells)
    return rows


def _cells(num_events: int, seconds: float, memory: int) -> list[str]:
    return [f"{seconds:.1f}", f"{num_events / seconds:,.0f}", f"{memory / 1e9:.2f}"]


def as_dict(runs: Sequence[Measured]) -> dict[str, Any]:
    """The measurements for `--json`."""
    found: dict[str, Any] = {
        "runs": [
            {
                "events": run.num_events,
                "seconds": dict(run.seconds),
                "peak_memory": dict(run.peak_memory),
                "plain_seconds": dict(run.plain_seconds),
                "plain_memory": dict(run.plain_memory),
                "ratio": run.ratio(),
            }
            for run in runs
        ]
    }
    if len(runs) > 1:
        names = ("all", "last")
        found["exponents"] = {
            stage: dict(zip(names, growth(runs, stage), strict=True)) for stage in runs[0].seconds
        }
    return found
