"""Sections about how good the recommender is, and whether it was let through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.inspection.files import read_json
from pipeline.inspection.graph import Graph
from pipeline.inspection.view import cell, interval
from pipeline.metadata.store import Run
from pipeline.reporting import charts, markup
from pipeline.runs.outcome import Outcome

_OURS = "towerline"
_HEADLINE = "ndcg@10"
_METRICS = (
    "ndcg@10",
    "recall@10",
    "recall@100",
    "hit_rate@10",
    "mrr@10",
    "coverage@10",
    "gini@10",
    "novelty@10",
    "category_diversity@10",
    "popularity_lift@10",
)
_STAGES = ("retrieval", "ranking", "post_ranking")


def decision_section(outcome: Outcome) -> str:
    """The gates, point by point, and what followed."""
    if outcome.pushed_to:
        verdict = markup.paragraph(f"Blessed, and pushed as version {outcome.pushed_version}.", "good")
        if outcome.fallback:
            verdict += markup.paragraph(outcome.fallback, "bad")
    elif outcome.refusals:
        verdict = markup.paragraph("Not pushed; the served version stays what it was.", "bad")
        verdict += markup.items(outcome.refusals)
    else:
        verdict = markup.paragraph("The run did not come to a decision.", "bad")
    gates = outcome.metrics.get("gates", [])
    points = markup.verdicts(
        (bool(gate["passed"]), f"gates.{gate['name']}", str(gate["detail"])) for gate in gates
    )
    return markup.section("decision", "Decision", verdict, points if gates else "")


def metrics_section(metrics: dict[str, Any]) -> str:
    """Every system on the test window, and how far the recommender is ahead of each."""
    systems = metrics.get("systems", {})
    if not systems:
        return markup.section("metrics", "Metrics", markup.paragraph("The run measured nothing.", "quiet"))
    values = {name: found.get(_HEADLINE) for name, found in systems.items()}
    ordered = dict(sorted(values.items(), key=lambda pair: -(pair[1] or {}).get("mean", 0)))
    ahead = {name: found.get(_HEADLINE) for name, found in metrics.get("differences", {}).items()}
    known = [name for name in _METRICS if any(name in found for found in systems.values())]
    rows = [(name, *(interval(found.get(key)) for key in known)) for name, found in systems.items()]
    queries = f"{metrics.get('num_queries')} users of the test window"
    return markup.section(
        "metrics",
        "Metrics",
        charts.whiskers(ordered, f"NDCG@10 of every system, {queries}, 95 % intervals", _OURS),
        charts.whiskers(
            dict(sorted(ahead.items(), key=lambda pair: (pair[1] or {}).get("mean", 0))),
            "How far the recommender is ahead of each (paired difference of NDCG@10)",
        ),
        markup.grid(("system", *known), rows, range(1, len(known) + 1), "All metrics"),
        _new_products(metrics.get("new_products_only", {})),
    )


def _new_products(metrics: dict[str, Any]) -> str:
    values = {name: found.get(_HEADLINE) for name, found in metrics.get("systems", {}).items()}
    title = f"NDCG@10 asked only for what was never bought before, {metrics.get('num_queries')} users"
    return charts.whiskers(values, title, _OURS)


def slices_section(metrics: dict[str, Any]) -> str:
    """The recommender by slice, beside the best other system there."""
    slices = {name: part for name, part in metrics.get("slices", {}).items() if part["systems"].get(_OURS)}
    if not slices:
        return ""
    values = {name: part["systems"][_OURS].get(_HEADLINE) for name, part in slices.items()}
    rows = [(name, f"{part['num_queries']:,}", *_beside(part)) for name, part in slices.items()]
    head = ("slice", "users", "NDCG@10", "best other", "its NDCG@10", "difference")
    return markup.section(
        "slices",
        "Slices",
        charts.whiskers(values, "NDCG@10 of the recommender by slice, 95 % intervals"),
        markup.folded("As a table, beside the best other system", markup.grid(head, rows, (1, 2, 4, 5))),
    )


def _beside(part: dict[str, Any]) -> tuple[str, str, str, str]:
    others = {
        name: found[_HEADLINE]
        for name, found in part["systems"].items()
        if name != _OURS and _HEADLINE in found
    }
    ours = interval(part["systems"][_OURS].get(_HEADLINE))
    if not others:
        return ours, "–", "–", "–"
    best = max(others, key=lambda name: others[name]["mean"])
    difference = part.get("differences", {}).get(best, {}).get(_HEADLINE)
    return ours, best, interval(others[best]), interval(difference, "+")


def stages_section(metrics: dict[str, Any]) -> str:
    """What each stage loses of an NDCG@10 of 1."""
    stages = metrics.get("stages", {})
    losses = {name.replace("_", "-"): stages[name]["loss"] for name in _STAGES if name in stages}
    if not losses:
        return ""
    reached = stages[_STAGES[-1]].get(_HEADLINE, {}).get("mean", 0.0) if _STAGES[-1] in stages else 0.0
    parts = {"reached": reached} | {f"lost in {name}": loss["mean"] for name, loss in losses.items()}
    worst = max(losses, key=lambda name: losses[name]["mean"])
    rows = [(name, interval(loss)) for name, loss in losses.items()]
    return markup.section(
        "stages",
        "Stages",
        charts.stacked(parts, f"Most of what is missing to an NDCG@10 of 1 is lost in {worst}"),
        markup.grid(("stage", "lost NDCG@10"), rows, (1,)),
    )


def training_section(graph: Graph, run: Run) -> str:
    """Loss and metric by epoch of both models."""
    parts = []
    for node, label in (("RetrievalTrainer", "Two towers"), ("RankingTrainer", "Ranker")):
        model = graph.output(run, node, "model")
        path = Path(model.uri, "Format-Serving", "assets.extra", "training.json") if model else None
        content = read_json(path) if path else {}
        epochs = content.get("epochs", [])
        series = {"loss": [item["loss"] for item in epochs if item.get("loss") is not None]}
        series[f"{content.get('metric', 'metric')} (eval)"] = [
            item["metric"] for item in epochs if item.get("metric") is not None
        ]
        known = {name: values for name, values in series.items() if values}
        if known:
            parts.append(charts.curves(known, f"{label}: {cell(len(epochs))} epochs"))
    return markup.section("training", "Training", *parts) if parts else ""
