"""The tables that `towerline run` and `towerline runs` end with."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # tables of `recommend` must not import ML Metadata
    from pipeline.runs.outcome import Outcome
    from pipeline.terminal.progress import Stage

_METRICS = ("ndcg@10", "recall@10", "recall@100", "hit_rate@10", "coverage@10")


def stages_table(stages: Sequence[Stage]) -> str:
    """Stages with seconds, memory, and whether they ran."""
    rows = [
        (stage.node, stage.outcome, f"{stage.seconds:.1f}", f"{stage.peak_memory / 1e9:.2f}")
        for stage in stages
    ]
    return render(("stage", "", "seconds", "peak GB"), rows, right=(2, 3))


def metrics_table(metrics: Mapping[str, Any]) -> str:
    """Metrics of each system with 95 % intervals, and how far the recommender is ahead of it."""
    differences = metrics.get("differences", {})
    rows = [
        (
            name,
            *(_interval(system.get(metric)) for metric in _METRICS),
            _interval(differences.get(name, {}).get("ndcg@10"), "+"),
        )
        for name, system in metrics["systems"].items()
    ]
    return render(("system", *_METRICS, "ndcg@10 ahead of it"), rows)


def outcome_text(outcome: Outcome) -> str:
    """Everything after the table of the stages."""
    lines = []
    if outcome.metrics.get("systems"):
        queries = outcome.metrics.get("num_queries")
        lines.append(f"Test window, {queries} users (95 % intervals):")
        lines.append(metrics_table(outcome.metrics))
        lines += _never_bought(outcome.metrics.get("new_products_only", {}))
        lines += _new_for_you(outcome.metrics.get("new_for_you", {}))
        lines += _stages(outcome.metrics.get("stages", {}))
        lines += _gates(outcome.metrics.get("gates", []))
    lines += outcome.start_lines
    lines.append(f"Anomalies: {len(outcome.anomalies) or 'none'}")
    lines += [f"  {anomaly}" for anomaly in outcome.anomalies]
    if outcome.pushed_to and outcome.refresh_of:
        lines.append(f"Pushed, with the weights of version {outcome.refresh_of}: {outcome.pushed_to}")
    elif outcome.pushed_to:
        lines.append(f"Blessed and pushed: {outcome.pushed_to}")
    if outcome.without_kernel:
        lines.append(f"Without its kernel, so that answers take longer: {outcome.without_kernel}.")
    if outcome.fallback:
        lines.append(outcome.fallback)
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


def _interval(value: Any, sign: str = "-") -> str:
    if not isinstance(value, Mapping) or value.get("mean") is None:
        return "–"
    known = [f"{value[end]:{sign}.4f}" for end in ("mean", "low", "high") if value.get(end) is not None]
    return known[0] if len(known) < 3 else f"{known[0]} [{known[1]}, {known[2]}]"


def _new_for_you(metrics: Mapping[str, Any]) -> list[str]:
    if not metrics.get("num_queries"):
        return []
    found = _interval(metrics["recall@100"])
    return [f"New for you (products never sold before), {metrics['num_queries']} users: recall@100 {found}"]


def _never_bought(metrics: Mapping[str, Any]) -> list[str]:
    if not metrics.get("systems"):
        return []
    return [
        f"Asked only for what the user had never bought before, {metrics['num_queries']} users:",
        metrics_table(metrics),
    ]


def _stages(stages: Mapping[str, Any]) -> list[str]:
    if not stages:
        return []
    parts = [
        f"{stage.replace('_', '-')} {_interval(stages[stage]['loss'])}"
        for stage in ("retrieval", "ranking", "post_ranking")
    ]
    return [f"Lost on the way to NDCG@10 = 1 ({stages['num_queries']} users): {', '.join(parts)}"]


def _gates(gates: Sequence[Mapping[str, Any]]) -> list[str]:
    if not gates:
        return []
    verdicts = {True: "passed", False: "FAILED"}
    lines = (f"  {verdicts[gate['passed']]} `gates.{gate['name']}`: {gate['detail']}" for gate in gates)
    return ["Gates:", *lines]
