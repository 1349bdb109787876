"""What the runs came to: the metrics of each seed beside the best baseline and the bar."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.quality.protocols import ALL, COLD, COVERAGE, NDCG, NEW, NEW_FOR_YOU, UNION, Bar, Protocol

OURS: Final = "towerline"
_NO_BASELINES: Final = frozenset({OURS, "champion"})

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """A metric over all seeds.

    Attributes:
        bar: What it is and has to be.
        values: One for each seed.
        interval: 95 % bootstrap interval over users, of the first seed.
        baseline: The best baseline of the first seed: best by NDCG@10 where coverage is asked.
        baseline_value: Its value.
        difference: Mean, low and high of the paired difference to it, of the first seed.
    """

    bar: Bar
    values: tuple[float, ...]
    interval: tuple[float, float] | None = None
    baseline: str | None = None
    baseline_value: float | None = None
    difference: tuple[float, float, float] | None = None

    @property
    def mean(self) -> float | None:
        """Mean over seeds."""
        return statistics.fmean(self.values) if self.values else None

    @property
    def deviation(self) -> float | None:
        """Standard deviation over seeds, if there are several."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None

    @property
    def is_met(self) -> bool | None:
        """Whether the mean reaches the bar; None if nothing is asked or nothing was measured."""
        return None if self.mean is None else self.bar.is_met(self.mean)


@dataclass(frozen=True)
class Report:
    """The result of the benchmark.

    Attributes:
        protocol: What was asked.
        seeds: The seeds, in the order of the runs.
        rows: One for each bar.
        runs: What `towerline run --json` printed for each seed.
    """

    protocol: Protocol
    seeds: tuple[int, ...]
    rows: tuple[Row, ...]
    runs: tuple[Json, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        rows = [
            {
                "name": row.bar.label,
                "values": list(row.values),
                "mean": row.mean,
                "standard_deviation": row.deviation,
                "interval": row.interval,
                "best_baseline": row.baseline,
                "best_baseline_value": row.baseline_value,
                "difference": row.difference,
                "must": row.bar.must,
                "aim": row.bar.aim,
                "met": row.is_met,
            }
            for row in self.rows
        ]
        return {
            "data": self.protocol.data,
            "profile": self.protocol.profile,
            "seeds": list(self.seeds),
            "rows": rows,
            "runs": [dict(run) for run in self.runs],
        }


def build_report(protocol: Protocol, seeds: Sequence[int], runs: Sequence[Json]) -> Report:
    """Collects the metrics of the bars from the runs."""
    rows = tuple(_row(bar, runs) for bar in protocol.bars)
    return Report(protocol, tuple(seeds), rows, tuple(runs))


def systems(run: Json, question: str) -> Json:
    """System -> its metrics for a question, as the RecommenderEvaluator wrote them."""
    metrics = run.get("metrics", {})
    if question == NEW:
        metrics = metrics.get("new_products_only", {})
    if question == NEW_FOR_YOU:
        return {}  # no baseline has such a list
    if question == COLD:
        metrics = metrics.get("slices", {}).get("cold_products", {})
    found: Json = metrics.get("systems", {})
    return found


def baselines(run: Json, question: str) -> list[str]:
    """The systems that are baselines, the best by NDCG@10 first."""
    measured = {
        name: _mean(system.get(NDCG))
        for name, system in systems(run, question).items()
        if name not in _NO_BASELINES
    }
    return sorted(measured, key=lambda name: -(measured[name] or 0.0))


def _row(bar: Bar, runs: Sequence[Json]) -> Row:
    if bar.question == UNION:
        found = [_union(run, bar.metric) for run in runs]
        return Row(bar, tuple(value for value in found if value is not None))
    measured = [_measured(run, bar) for run in runs]
    values = tuple(value for value in map(_mean, measured) if value is not None)
    first = measured[0] if measured else None
    best = _best(runs[0], bar) if runs else None
    return Row(
        bar,
        values,
        interval=(first["low"], first["high"]) if first and first.get("low") is not None else None,
        baseline=best,
        baseline_value=_mean(systems(runs[0], bar.question)[best].get(bar.metric)) if best else None,
        difference=_difference(runs[0], bar, best) if best else None,
    )


def _measured(run: Json, bar: Bar) -> Json | None:
    """A metric of ours with its interval."""
    if bar.question == NEW_FOR_YOU:
        metrics: Json = run.get("metrics", {}).get("new_for_you", {})
    else:
        metrics = systems(run, bar.question).get(OURS, {})
    found: Json | None = metrics.get(bar.metric)
    return found


def _best(run: Json, bar: Bar) -> str | None:
    """The baseline to hold a metric against: coverage is worth what it costs in NDCG@10."""
    names = baselines(run, bar.question)
    if bar.metric in (NDCG, COVERAGE) or not names:
        return names[0] if names else None
    measured = systems(run, bar.question)
    return max(names, key=lambda name: _mean(measured[name].get(bar.metric)) or 0.0)


def _difference(run: Json, bar: Bar, baseline: str) -> tuple[float, float, float] | None:
    metrics = run.get("metrics", {})
    metrics = metrics if bar.question == ALL else metrics.get("new_products_only", {})
    found = metrics.get("differences", {}).get(baseline, {}).get(bar.metric)
    if bar.question == COLD or not found or found.get("low") is None:
        return None
    return found["mean"], found["low"], found["high"]


def _union(run: Json, metric: str) -> float | None:
    recall = run.get("retrieval", {}).get("recall", {}).get(UNION, {})
    value = recall.get(metric)
    return None if value is None else float(value)


def _mean(value: Any) -> float | None:
    mean = value.get("mean") if isinstance(value, Mapping) else None
    return None if mean is None else float(mean)
