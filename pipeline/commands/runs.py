"""`towerline runs`: what ML Metadata knows of the runs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from pipeline import console

NAME = "runs"
HELP = "list the runs that ML Metadata knows"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command has no options of its own."""
    del parser


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from pipeline.configuration import load_config
    from pipeline.metadata_connection import is_server
    from pipeline.metadata_location import metadata_location

    rows = run_rows(arguments)
    if arguments.json:
        console.say_json(rows)
    elif not rows:
        location = metadata_location(load_config(arguments).metadata, arguments.workdir)
        console.say(f"No runs yet in {location if is_server(location) else Path(location).parent}.")
    else:
        console.say(_table(rows))
    return 0


def run_rows(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """What `towerline runs --json` prints: a row for each run, oldest first.

    Args:
        arguments: Those that all commands take.
    """
    from pipeline.configuration import load_config
    from pipeline.metadata_connection import is_server, store_exists
    from pipeline.metadata_location import metadata_location
    from pipeline.workdir import is_running

    location = metadata_location(load_config(arguments).metadata, arguments.workdir)
    is_busy = is_server(location) or is_running(Path(arguments.workdir).expanduser())
    return _rows(location, is_busy) if store_exists(location) else []


def _rows(path: str, is_busy: bool) -> list[dict[str, Any]]:
    """Oldest first."""
    from pipeline.inspection.graph import Graph
    from pipeline.inspection.source import READER, data_of_run
    from pipeline.inspection.states import run_row
    from pipeline.metadata_store import RunStore
    from pipeline.outcome import NODES, outcome_of
    from pipeline.plan import PIPELINE_NAME

    graph = Graph(RunStore(path, PIPELINE_NAME).records(NODES | {READER}))
    rows = []
    for run in graph.runs:
        row = run_row(run, outcome_of(graph, run), is_busy and run is graph.runs[-1])
        data = data_of_run(graph, run)
        rows.append({**row, "events": data.get("events"), "span": data.get("span")})
    return rows


def _table(rows: list[dict[str, Any]]) -> str:
    """Newest first."""
    from pipeline.inspection.states import HEADLINES
    from pipeline.inspection.view import cell
    from pipeline.tables import render

    return render(
        ("run", "state", "seconds", "nodes", "events", "data span", *HEADLINES, "blessed", "pushed"),
        [
            (
                row["run_id"],
                row["state"],
                f"{row['seconds']:.1f}",
                ", ".join(f"{count} {state}" for state, count in row["nodes"].items()),
                "–" if row["events"] is None else f"{row['events']:,}",
                " to ".join(stamp[:10] for stamp in row["span"].split(" to ")) if row["span"] else "–",
                *(cell(row[name]) for name in HEADLINES),
                cell(row["blessed"]),
                row["pushed_version"] or "no",
            )
            for row in reversed(rows)
        ],
        right=(2, 4, 6, 7, 8),
    )
