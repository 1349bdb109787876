"""The tables that `towerline run` and `towerline runs` end with."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # tables of `recommend` must not import ML Metadata
    from pipeline.outcome import Outcome
    from pipeline.progress import Stage

_METRICS = ("ndcg@10", "recall@10", "recall@100", "hit_rate@10", "coverage@10")


def stages_table(stages: Sequence[Stage]) -> str:
    """Stages with seconds, memory, and whether they ran."""
    rows = [
        (stage.node, stage.outcome, f"{stage.seconds:.1f}", f"{stage.peak_memory / 1e9:.2f}")
        for stage in stages
    ]
    return render(("stage", "", "seconds", "peak GB"), rows, right=(2, 3))


def metrics_table(metrics: Mapping[str, Any]) -> str:
    """Metrics of each system with 95 % intervals, the recommender first."""
    rows = [
        (name, *(_interval(system.get(metric)) for metric in _METRICS))
        for name, system in metrics["systems"].items()
    ]
    return render(("system", *_METRICS), rows)


def outcome_text(outcome: Outcome) -> str:
    """Everything after the table of the stages."""
    lines = []
    if outcome.metrics.get("systems"):
        queries = outcome.metrics.get("num_queries")
        lines.append(f"Test window, {queries} users (95 % intervals):")
        lines.append(metrics_table(outcome.metrics))
        lines += _differences(outcome.metrics.get("differences", {}))
    lines.append(f"Anomalies: {len(outcome.anomalies) or 'none'}")
    lines += [f"  {anomaly}" for anomaly in outcome.anomalies]
    if outcome.pushed_to:
        lines.append(f"Blessed and pushed: {outcome.pushed_to}")
    return "\n".join(lines)


def render(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """A plain table, as wide as it needs to be."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(head):
        table.add_column(name, justify="right" if number in right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(text.replace("[", r"\[") for text in row))
    target = io.StringIO()
    Console(file=target, width=1000, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in target.getvalue().splitlines() if line.strip())


def _interval(value: Any) -> str:
    if not isinstance(value, Mapping) or value.get("mean") is None:
        return "–"
    text = f"{value['mean']:.4f}"
    return text if value.get("low") is None else f"{text} [{value['low']:.4f}, {value['high']:.4f}]"


def _differences(differences: Mapping[str, Any]) -> list[str]:
    return [
        f"Better than {name} by NDCG@10 {_interval(metrics['ndcg@10'])}"
        for name, metrics in differences.items()
        if "ndcg@10" in metrics
    ]
