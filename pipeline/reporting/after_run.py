"""What `towerline run` leaves: the report of the run, and how it was started."""

from __future__ import annotations

import sys
from pathlib import Path

from pipeline.inspection.graph import open_graph
from pipeline.planning.code_digest import code_digest
from pipeline.planning.plan import RunPlan
from pipeline.reporting.page import report_page
from pipeline.reporting.record import REPORTS, report_path, write_record

_CLOCK_SECONDS = 1.0  # ML Metadata keeps milliseconds


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
