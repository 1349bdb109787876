"""Statistics that TFDV wrote, as plain rows; TFDV itself is not imported."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

STATISTICS_FILE: Final = "FeatureStats.pb"


def split_statistics(path: Path) -> list[dict[str, Any]]:
    """One row per feature of a `FeatureStats.pb`."""
    from tensorflow_metadata.proto.v0 import statistics_pb2

    content = statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes())
    return [
        _row(feature, dataset.num_examples) for dataset in content.datasets for feature in dataset.features
    ]


def _row(feature: Any, num_examples: int) -> dict[str, Any]:
    kind = feature.WhichOneof("stats")
    stats: Any = getattr(feature, kind) if kind else None
    common = stats.common_stats if stats is not None else None
    present = common.num_non_missing if common is not None else 0
    row: dict[str, Any] = {
        "feature": feature.name or ".".join(feature.path.step),
        "kind": "number" if kind == "num_stats" else "text" if kind else "none",
        "rows": int(num_examples),
        "missing": 1 - present / num_examples if num_examples else None,
        "values_per_row": common.avg_num_values if common is not None else None,
    }
    if kind == "num_stats":
        row |= {name: _finite(getattr(stats, name)) for name in ("mean", "min", "median", "max")}
        row |= {"deviation": _finite(stats.std_dev), "zeros": int(stats.num_zeros)}
        row["histogram"] = _histogram(stats)
    elif kind == "string_stats":
        total = sum(bucket.sample_count for bucket in stats.rank_histogram.buckets)
        top = [(bucket.label, bucket.sample_count) for bucket in stats.rank_histogram.buckets]
        row |= {"unique": int(stats.unique), "top": [[label, _share(n, total)] for label, n in top[:5]]}
        row["shares"] = {label: _share(n, total) for label, n in top}
    return row


def _histogram(stats: Any) -> list[tuple[float, float, float]]:
    """Buckets of equal width as `low, high, count`."""
    for histogram in stats.histograms:
        if histogram.type == histogram.STANDARD:
            return [(item.low_value, item.high_value, item.sample_count) for item in histogram.buckets]
    return []


def drift(before: Mapping[str, Any], after: Mapping[str, Any]) -> float | None:
    """How far apart two features are, 0 alike to 1 apart.

    Numbers: Jensen-Shannon divergence (base 2) of their histograms, as TFDV's comparator. Text: the
    largest difference of the share of a value (L-infinity), likewise.
    """
    if before["kind"] != after["kind"]:
        return 1.0
    if before["kind"] == "number":
        return _jensen_shannon(before["histogram"], after["histogram"])
    if before["kind"] == "text":
        old, new = before["shares"], after["shares"]
        return max((abs(old.get(key, 0) - new.get(key, 0)) for key in {*old, *new}), default=0.0)
    return None


def public(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without what only `drift` needs."""
    return {key: value for key, value in row.items() if key not in ("histogram", "shares")}


def _jensen_shannon(before: Any, after: Any) -> float | None:
    edges = sorted(
        {edge for low, high, _ in [*before, *after] for edge in (low, high) if math.isfinite(edge)}
    )
    if not edges:
        return None
    cells = [*((edge, edge) for edge in edges), *itertools.pairwise(edges)]
    first, second = _spread(before, cells), _spread(after, cells)
    if not (sum(first) and sum(second)):
        return None
    first, second = ([value / sum(side) for value in side] for side in (first, second))
    middle = [(a + b) / 2 for a, b in zip(first, second, strict=True)]
    return max(0.0, (_divergence(first, middle) + _divergence(second, middle)) / 2)


def _spread(buckets: Any, cells: list[tuple[float, float]]) -> list[float]:
    """Counts per cell, each bucket's spread evenly over the cells within it."""
    counts = [0.0] * len(cells)
    for low, high, count in buckets:
        if high > low:
            for index, (start, end) in enumerate(cells):
                if start < end and start >= low and end <= high:
                    counts[index] += count * (end - start) / (high - low)
        elif (low, low) in cells:
            counts[cells.index((low, low))] += count
    return counts


def _divergence(first: list[float], second: list[float]) -> float:
    return sum(a * math.log2(a / b) for a, b in zip(first, second, strict=True) if a > 0)


def _share(count: float, total: float) -> float:
    return count / total if total else 0.0


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
