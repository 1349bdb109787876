"""The report of a run as one page."""

from __future__ import annotations

import re
import sys
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any, Final

from pipeline.inspection.addresses import find_model
from pipeline.inspection.data_drift import drift_view
from pipeline.inspection.diff import diff_view
from pipeline.inspection.files import read_json
from pipeline.inspection.graph import Graph, open_graph
from pipeline.inspection.lineage import lineage_view
from pipeline.inspection.run_view import run_view
from pipeline.inspection.view import cell, when
from pipeline.metadata.store import Artifact, Run
from pipeline.planning.plan import RunPlan
from pipeline.planning.planner import code_digest
from pipeline.reporting import charts, markup, model_sections, run_sections
from pipeline.reporting.examples_section import lists_sections
from pipeline.reporting.record import REPORTS, record_path, report_path, write_record
from pipeline.runs.outcome import outcome_of
from schema.errors import UserError

_HEADING = re.compile(r'<section id="([\w-]+)"><h2>(.*?)</h2>')

_CLOCK_SECONDS = 1.0  # ML Metadata keeps milliseconds


def report_page(
    graph: Graph, run: Run, reports: Path, is_alive: bool = False, compare: Run | None = None
) -> str:
    """Returns the HTML of a report.

    Args:
        graph: The records.
        run: The run.
        reports: The folder in which runs record how they were started.
        is_alive: Whether the run is still going on.
        compare: An earlier run to compare with.
    """
    outcome = outcome_of(graph, run)
    data = run_view(graph, run, is_alive).data
    sections = [
        model_sections.decision_section(outcome),
        model_sections.metrics_section(outcome.metrics),
        model_sections.slices_section(outcome.metrics),
        model_sections.stages_section(outcome.metrics),
        diversity_section(outcome.metrics),
        lists_sections(graph, run),
        _difference(graph, compare, run) if compare is not None else "",
        run_sections.nodes_section(graph, run, data["executions"]),
        run_sections.data_section(graph, run, data["data"]),
        _drift(graph, run),
        run_sections.anomalies_section(list(outcome.anomalies)),
        model_sections.training_section(graph, run),
        _lineage(graph, run),
        run_sections.origin_section(read_json(record_path(reports, run.run_id)), run),
    ]
    body = "".join(sections)
    links = " ".join(f'<a href="#{anchor}">{name}</a>' for anchor, name in _HEADING.findall(body))
    template = Template((files("pipeline.reporting") / "template.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=escape(f"Run {run.run_id}"), subtitle=escape(_subtitle(data)), navigation=links, body=body
    )


def _subtitle(data: dict[str, Any]) -> str:
    parts = [
        str(data["state"]),
        f"started {when(data['started'])} UTC",
        f"{data['seconds']:.0f} s",
        f"{data['cached']} of {len(data['executions'])} nodes from the cache",
    ]
    if data["ndcg@10"] is not None:
        parts.append(f"NDCG@10 {cell(data['ndcg@10'])}")
    return ", ".join(parts)


def _difference(graph: Graph, before: Run, after: Run) -> str:
    view = diff_view(graph, before, after)
    return markup.section("difference", "Compared", *(markup.shown(table) for table in view.tables))


def _drift(graph: Graph, run: Run) -> str:
    """Against the champion; left out where one of the two has no statistics any more."""
    try:
        view = drift_view(graph, run)
    except UserError:
        return ""
    return markup.section("drift", "Drift", *(markup.shown(table) for table in view.tables))


def _lineage(graph: Graph, run: Run) -> str:
    """Of the pushed model of the run, or else of the model that it evaluated."""
    root = _root(graph, run)
    if root is None:
        return ""
    view = lineage_view(graph, root)
    return markup.section("lineage", "Lineage", *(markup.shown(table) for table in view.tables))


def _root(graph: Graph, run: Run) -> Artifact | None:
    pushed = graph.output(run, "Pusher", "pushed_model")
    if pushed is not None and pushed.properties.get("pushed"):
        return find_model(graph, str(pushed.properties["pushed_version"]))
    return graph.output(run, "RecommenderAssembler", "model")


_SERIES: Final = {
    "ndcg@10": "NDCG@10",
    "coverage@10": "coverage@10",
    "category_diversity@10": "diversity of categories",
    "embedding_diversity@10": "diversity of embeddings",
    "miscalibration@10": "miscalibration",
}


def diversity_section(metrics: dict[str, Any]) -> str:
    """The curve of accuracy, coverage and diversity over `post_ranking.diversity`."""
    curve = metrics.get("diversity_curve") or {}
    points = curve.get("points", [])
    if not points:
        return ""
    known = [name for name in _SERIES if all(name in point for point in points)]
    strengths = ", ".join(f"{point['diversity']:g}" for point in points)
    rows = [
        (
            f"{point['diversity']:g}" + (" (served)" if point["diversity"] == curve.get("chosen") else ""),
            *(cell(point[name]) for name in known),
            f"{_loss(points[0], point):+.2%}",
        )
        for point in points
    ]
    head = ("diversity", *(_SERIES[name] for name in known), "NDCG@10 against the first")
    title = f"From left to right: diversity {strengths}; {curve.get('num_queries')} users of the test window"
    return markup.section(
        "diversity",
        "Diversity",
        charts.curves({_SERIES[name]: [point[name] for point in points] for name in known}, title),
        markup.grid(head, rows, range(1, len(head)), "Price and gain of diversity"),
    )


def _loss(first: dict[str, float], point: dict[str, float]) -> float:
    return point["ndcg@10"] / first["ndcg@10"] - 1 if first["ndcg@10"] else 0.0


def write_report(plan: RunPlan, started: float) -> Path | None:
    """Writes the report of the newest run; None if nothing of it has begun since `started`."""
    graph = open_graph(plan.metadata_path)
    run = graph.runs[-1] if graph is not None else None
    if (
        graph is None
        or run is None
        or max((item.started for item in run.executions), default=0.0) < started - _CLOCK_SECONDS
    ):
        return None
    reports = Path(plan.workdir) / REPORTS
    command = ["towerline", *sys.argv[1:]]
    write_record(reports, run.run_id, command, plan.config.model_dump(mode="json"), code_digest())
    path = report_path(reports, run.run_id)
    path.write_text(report_page(graph, run, reports), encoding="utf-8")
    return path
