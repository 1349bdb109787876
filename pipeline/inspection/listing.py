"""The list of runs, as `towerline runs` shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.inspection.graph import Graph, open_graph
from pipeline.inspection.source import READER, data_of_run
from pipeline.inspection.states import run_row
from pipeline.metadata.location import is_server
from pipeline.metadata.store import Run
from pipeline.planning.workdir import is_running
from pipeline.runs.outcome import NODES, outcome_of


def list_runs(location: str, workdir: Path, limit: int | None = None) -> list[dict[str, Any]]:
    """Returns one row for each run, the oldest first; none where there is no store yet.

    Args:
        location: Where ML Metadata is.
        workdir: The work directory, whose lock says whether a run is going on.
        limit: Only the newest so many.

    Raises:
        UserError: The store cannot be read.
    """
    graph = open_graph(location)
    if graph is None:
        return []
    runs = graph.runs[-limit:] if limit else list(graph.runs)
    shown = [item for run in runs for item in run.executions if item.node in NODES]
    reads = [item for run in runs for item in run.executions if item.node == READER]
    graph.prepare_outputs([*shown, *reads])
    graph.prepare_parameters(reads)
    return [_row(graph, run, is_alive(graph, run, location, workdir)) for run in runs]


def is_alive(graph: Graph, run: Run, location: str, workdir: Path) -> bool:
    """Whether a run is going on: the newest, while the work directory is locked.

    On a server other machines may run: there the newest run is alive as long as a node of it is.
    """
    if not graph.runs.is_newest(run):
        return False
    is_at_work = any(execution.state == "RUNNING" for execution in run.executions)
    return is_running(workdir) or (is_server(location) and is_at_work)


def _row(graph: Graph, run: Run, alive: bool) -> dict[str, Any]:
    data = data_of_run(graph, run)
    row = run_row(run, outcome_of(graph, run), alive)
    return {**row, "events": data.get("events"), "span": data.get("span")}
