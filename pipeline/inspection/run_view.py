"""`inspect run` and `inspect node`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.inspection.files import unpacked
from pipeline.inspection.graph import Graph
from pipeline.inspection.listing import HEADLINES, data_of_run, node_state, run_row
from pipeline.inspection.view import Table, View, cell, facts, interval, lines, when
from pipeline.metadata.store import Artifact, Execution, Run
from pipeline.runs.outcome import Outcome, outcome_of

_TAIL_LINES = 15


def run_view(graph: Graph, run: Run, is_alive: bool) -> View:
    """A run: its state, data, nodes, metrics, and the decision."""
    outcome = outcome_of(graph, run)
    row = run_row(run, outcome, is_alive)
    graph.prepare_links(run.executions)
    nodes = [_node_row(graph, execution, is_alive) for execution in run.executions]
    data = {
        **row,
        "pushed_to": outcome.pushed_to,
        "data": data_of_run(graph, run),
        "executions": nodes,
        "anomalies": list(outcome.anomalies),
        "gates": outcome.metrics.get("gates", []),
        "systems": outcome.metrics.get("systems", {}),
    }
    return View(data, tuple(_run_tables(data, outcome)))


def _run_tables(data: dict[str, Any], outcome: Outcome) -> list[Table]:
    head = {
        "state": data["state"],
        "started": when(data["started"]),
        "seconds": data["seconds"],
        **{
            name: interval(outcome.metrics.get("systems", {}).get("towerline", {}).get(name))
            for name in HEADLINES
        },
        "pushed": outcome.pushed_to or "no",
        **{name.replace("_", " "): value for name, value in data["data"].items() if name != "windows"},
    }
    rows = [
        (row["node"], row["state"], f"{row['seconds']:.1f}", ", ".join(map(_written, row["outputs"])))
        for row in data["executions"]
    ]
    tables = [
        facts(f"Run {data['run_id']}", head),
        Table("Nodes", ("node", "state", "seconds", "wrote (artifact ids)"), tuple(rows), (2,)),
    ]
    verdicts = {True: "passed", False: "FAILED"}
    if data["gates"]:
        texts = [
            f"  {verdicts[gate['passed']]} gates.{gate['name']}: {gate['detail']}" for gate in data["gates"]
        ]
        tables.append(lines("Gates", texts))
    if outcome.fallback:
        tables.append(lines("Fallback", (f"  {outcome.fallback}",)))
    if outcome.refusals:
        tables.append(lines("Not pushed", (f"  {reason}" for reason in outcome.refusals)))
    anomalies = [f"  {text}" for text in outcome.anomalies] or ["  none"]
    return [*tables, lines("Anomalies", anomalies)]


def _written(artifact: dict[str, Any]) -> str:
    return f"{artifact['key']} {artifact['id']}"


def _node_row(graph: Graph, execution: Execution, is_alive: bool) -> dict[str, Any]:
    return {
        "id": execution.id,
        "node": execution.node,
        "state": node_state(execution, is_alive),
        "started": execution.started,
        "seconds": round(execution.ended - execution.started, 3),
        "inputs": _listed(graph.inputs(execution)),
        "outputs": _listed(graph.outputs(execution)),
    }


def _listed(artifacts: dict[str, list[Artifact]]) -> list[dict[str, Any]]:
    return [
        {"key": key, "id": item.id, "type": item.type_name, "uri": item.uri, "state": item.state}
        for key, found in artifacts.items()
        for item in found
    ]


def node_view(
    graph: Graph, run: Run, execution: Execution, is_alive: bool, cache_key: str, logs: Path
) -> View:
    """A node of a run: inputs, outputs, parameters, timing, cache key, and what went wrong."""
    row = _node_row(graph, execution, is_alive)
    source = _cached_from(graph, execution) if execution.state == "CACHED" else None
    data = {
        "run_id": run.run_id,
        **row,
        "component": execution.type_name,
        "cache_key": cache_key,
        "cached_from": source,
        "parameters": {key: unpacked(value) for key, value in sorted(execution.properties.items())},
        "log_tail": _log_tail(run, execution, logs) if row["state"] in ("failed", "killed") else [],
    }
    head = {name: data[name] for name in ("component", "state", "seconds", "cache_key", "cached_from")}
    tables = [facts(f"{execution.node} of run {run.run_id}", head | {"started": when(execution.started)})]
    for title in ("inputs", "outputs"):
        rows = tuple(
            (item["key"], str(item["id"]), item["type"], item["state"], item["uri"]) for item in row[title]
        )
        tables.append(Table(title.capitalize(), ("key", "id", "type", "state", "folder"), rows, (1,)))
    tables.append(facts("Parameters", {key: cell(value) for key, value in data["parameters"].items()}))
    if data["log_tail"]:
        tables.append(lines("End of the log", data["log_tail"]))
    return View(data, tuple(tables))


def _cached_from(graph: Graph, execution: Execution) -> str | None:
    """The run whose work a cached execution took over."""
    for artifacts in graph.outputs(execution).values():
        maker = graph.maker(artifacts[0])
        if maker is not None:
            return graph.run_id_of(maker)
    return None


def _log_tail(run: Run, execution: Execution, logs: Path) -> list[str]:
    """The end of the log that was being written when the execution began."""
    from datetime import datetime

    begun = [
        (stamp, path)
        for path in logs.glob("run-*.log")
        if (stamp := datetime.strptime(path.stem, "run-%Y%m%dT%H%M%S").timestamp()) <= execution.started
    ]
    if not begun:
        return []
    path = max(begun)[1]
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 20_000))
        text = file.read().decode("utf-8", errors="replace")
    return [f"  {line}" for line in text.splitlines()[-_TAIL_LINES:]]
