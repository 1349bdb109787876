"""The table of an ablation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.ablation.measuring import Measured
from benchmarks.ablation.variants import DEFAULT, Variant
from benchmarks.markdown import NOTHING, number, signed, table
from components.evaluation.bootstrap import intervals
from schema.settings import Settings

_BOOTSTRAP_SEED = 42


@dataclass(frozen=True)
class Result:
    """A variant that was trained with each seed.

    Attributes:
        variant: What was changed.
        measured: One for each seed.
        seconds: Mean time of a training and its measuring.
    """

    variant: Variant
    measured: tuple[Measured, ...]
    seconds: float

    def mean(self, metric: str) -> float:
        """Mean over queries and seeds."""
        return float(np.mean(self._of_seeds(metric)))

    def deviation(self, metric: str) -> float | None:
        """Standard deviation over seeds, if there are several."""
        values = self._of_seeds(metric)
        return float(np.std(values, ddof=1)) if len(values) > 1 else None

    def per_query(self, metric: str) -> Measured:
        """Mean over seeds of each query that was asked."""
        values = np.mean([measured[metric] for measured in self.measured], axis=0)
        return {metric: values[~np.isnan(values)]}

    def _of_seeds(self, metric: str) -> list[float]:
        return [float(np.nanmean(measured[metric])) for measured in self.measured]


def markdown(results: Sequence[Result], base: Settings) -> str:
    """Each variant beside the default, with the paired difference of the first metric.

    Args:
        results: The default's first.
        base: The default's settings.
    """
    default = results[0]
    metrics = list(default.measured[0])
    head = ("choice", "value", *metrics, f"difference of {metrics[0]}", "seconds")
    rows = [("default", "", *_cells(default, default, metrics))]
    for result in results[1:]:
        variant = result.variant
        usual = getattr(base, variant.choice, NOTHING)
        rows.append((variant.choice, f"{variant.value} (not {usual})", *_cells(result, default, metrics)))
    return table(head, rows)


def _cells(result: Result, default: Result, metrics: Sequence[str]) -> list[str]:
    cells = []
    for metric in metrics:
        deviation = result.deviation(metric)
        spread = "" if deviation is None else f" ± {number(deviation)}"
        cells.append(number(result.mean(metric)) + spread)
    return [*cells, _difference(result, default, metrics[0]), f"{result.seconds:.0f}"]


def _difference(result: Result, default: Result, metric: str) -> str:
    """Paired by query, with its 95 % bootstrap interval; seeds are averaged first."""
    if result.variant is DEFAULT:
        return NOTHING
    ours, usual = (one.per_query(metric)[metric] for one in (result, default))
    found = intervals({metric: ours - usual}, _BOOTSTRAP_SEED)[metric]
    return f"{signed(found.mean)} [{signed(found.low)}, {signed(found.high)}]"


def as_dict(results: Sequence[Result]) -> list[Mapping[str, object]]:
    """For JSON: the means of each variant."""
    return [
        {
            "choice": result.variant.choice,
            "value": result.variant.value,
            "seconds": result.seconds,
            **{metric: result.mean(metric) for metric in result.measured[0]},
        }
        for result in results
    ]
