"""The list of runs, as `towerline runs` shows it: how executions and whole runs ended, and of which data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.inspection.files import unpacked
from pipeline.inspection.graph import Graph, open_graph
from pipeline.inspection.view import when
from pipeline.metadata.location import is_server
from pipeline.metadata.store import Artifact, Execution, Run
from pipeline.planning.workdir import is_running
from pipeline.runs.outcome import NODES, Outcome, outcome_of
from schema import names

HEADLINES = ("ndcg@10", "recall@10", "coverage@10")
"""Metrics of the recommender that stand for the rest."""

_OURS = "towerline"

READER = "ProductExampleGen"


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


def node_state(execution: Execution, is_alive: bool) -> str:
    """What is still called running in a run that is over was killed."""
    return "killed" if execution.state == "RUNNING" and not is_alive else execution.state.lower()


def run_state(run: Run, outcome: Outcome, is_alive: bool) -> str:
    """`running`, `killed`, `failed`, `pushed`, `refused`, or `stopped` if it never came to a push."""
    states = {node_state(execution, is_alive) for execution in run.executions}
    for state in ("running", "killed", "failed"):
        if state in states:
            return state
    if is_alive:
        return "running"
    if outcome.pushed_to:
        return "pushed"
    return "refused" if outcome.refusals else "stopped"


def seconds_of(run: Run) -> float:
    """From the first node's begin to the last one's end."""
    started = min((execution.started for execution in run.executions), default=0.0)
    ended = max((execution.ended for execution in run.executions), default=0.0)
    return round(ended - started, 1)


def run_row(run: Run, outcome: Outcome, is_alive: bool) -> dict[str, Any]:
    """A run in one row."""
    states = Counter(node_state(execution, is_alive) for execution in run.executions)
    ours: Mapping[str, Any] = outcome.metrics.get("systems", {}).get(_OURS, {})
    return {
        "run_id": run.run_id,
        "state": run_state(run, outcome, is_alive),
        "started": min((execution.started for execution in run.executions), default=None),
        "seconds": seconds_of(run),
        "nodes": dict(states),
        "cached": states.get("cached", 0),
        **{name: ours.get(name, {}).get("mean") for name in HEADLINES},
        "blessed": outcome.metrics.get("blessed"),
        "pushed_version": outcome.pushed_version,
        "refresh_of": outcome.refresh_of,
        "refusals": list(outcome.refusals),
        "fallback": outcome.fallback,
    }


def data_of_run(graph: Graph, run: Run) -> dict[str, Any]:
    """Source and span of the data that a run read; empty if it never came to that."""
    execution = graph.node(run, READER)
    return data_of(graph, execution) if execution is not None else {}


def data_of(graph: Graph, execution: Execution) -> dict[str, Any]:
    """Source and span of what an execution of ProductExampleGen read."""
    source = unpacked(execution.properties.get("source", "{}"))
    windows = unpacked(execution.properties.get("windows", "{}"))
    if not isinstance(source, dict) or not isinstance(windows, dict):
        return {}
    outputs = graph.outputs(execution)
    examples: Artifact | None = next(iter(outputs.get("examples", [])), None)
    interactions: Artifact | None = next(iter(outputs.get("interactions", [])), None)
    span = [when(windows.get(name)) for name in ("start", "now")]
    return {
        "source": source.get("url"),
        "tables": source.get("tables") or {},
        "span": " to ".join(span),
        "test_window_from": when(windows.get("test_start")),
        "fingerprint": str(execution.properties.get("fingerprint", ""))[:16],
        "events": interactions.properties.get("num_events") if interactions else None,
        "rows": _rows(examples) if examples else {},
        "windows": windows,
    }


def _rows(examples: Artifact) -> dict[str, int]:
    return {
        split: int(examples.properties[f"num_{split}"])
        for split in names.SPLITS
        if f"num_{split}" in examples.properties
    }
