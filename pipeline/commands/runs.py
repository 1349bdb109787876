"""`towerline runs`: what ML Metadata knows of the runs."""

from __future__ import annotations

import argparse
from typing import Any

from pipeline import console

NAME = "runs"
HELP = "list the runs that ML Metadata knows"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command has no options of its own."""
    del parser


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from pathlib import Path

    from pipeline.configuration import load_config
    from pipeline.metadata_connection import is_server, store_exists
    from pipeline.metadata_location import metadata_location
    from pipeline.workdir import is_running

    location = metadata_location(load_config(arguments).metadata, arguments.workdir)
    is_busy = is_server(location) or is_running(Path(arguments.workdir).expanduser())
    rows = _rows(location, is_busy) if store_exists(location) else []
    if arguments.json:
        console.say_json(rows)
    elif not rows:
        console.say(f"No runs yet in {location if is_server(location) else Path(location).parent}.")
    else:
        console.say(_table(rows))
    return 0


def _rows(path: str, is_busy: bool) -> list[dict[str, Any]]:
    from collections import Counter

    from pipeline.metadata_store import RunStore
    from pipeline.outcome import outcome_of
    from pipeline.plan import PIPELINE_NAME

    store = RunStore(path, PIPELINE_NAME)
    rows: list[dict[str, Any]] = []
    runs = store.runs()
    for run in runs:
        is_alive = is_busy and run is runs[-1]
        states = Counter(_state(execution.state, is_alive) for execution in run.executions)
        outcome = outcome_of(store, run)
        ndcg = outcome.metrics.get("systems", {}).get("towerline", {}).get("ndcg@10", {}).get("mean")
        started = min((execution.started for execution in run.executions), default=0.0)
        ended = max((execution.ended for execution in run.executions), default=0.0)
        rows.append(
            {
                "run_id": run.run_id,
                "seconds": round(ended - started, 1),
                "nodes": dict(states),
                "ndcg@10": ndcg,
                "pushed_version": outcome.pushed_version,
                "refusals": list(outcome.refusals),
            }
        )
    return rows


def _state(state: str, is_alive: bool) -> str:
    """What is still called running in a run that is over was killed."""
    return "killed" if state == "RUNNING" and not is_alive else state.lower()


def _table(rows: list[dict[str, Any]]) -> str:
    from pipeline.tables import render

    return render(
        ("run", "seconds", "nodes", "NDCG@10", "pushed"),
        [
            (
                row["run_id"],
                f"{row['seconds']:.1f}",
                ", ".join(f"{count} {state}" for state, count in row["nodes"].items()),
                "–" if row["ndcg@10"] is None else f"{row['ndcg@10']:.4f}",
                row["pushed_version"] or "no",
            )
            for row in rows
        ],
        right=(1,),
    )
