"""`towerline runs`: what ML Metadata knows of the runs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from pipeline.terminal import console
from schema.errors import UserError

NAME = "runs"
HELP = "list the runs that ML Metadata knows, or follow one that is going on"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("--limit", type=int, metavar="N", help="only the newest N runs")
    parser.add_argument("--watch", action="store_true", help="follow the run that is going on, node by node")


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from pipeline.config.loading import load_config
    from pipeline.metadata.location import is_server, metadata_location

    location = metadata_location(load_config(arguments).metadata, arguments.workdir)
    if arguments.limit is not None and arguments.limit < 1:
        raise UserError(f"`--limit` must be at least 1. Received: {arguments.limit}.")
    if arguments.watch:
        from pipeline.inspection.watching import watch

        return watch(location, Path(arguments.workdir).expanduser(), as_json=arguments.json)
    rows = run_rows(arguments, arguments.limit)
    if arguments.json:
        console.say_json(rows)
    elif not rows:
        console.say(f"No runs yet in {location if is_server(location) else Path(location).parent}.")
    else:
        console.say(_table(rows))
    return 0


def run_rows(arguments: argparse.Namespace, limit: int | None = None) -> list[dict[str, Any]]:
    """What `towerline runs --json` prints: a row for each run, oldest first.

    Args:
        arguments: Those that all commands take.
        limit: Only the newest so many.
    """
    from pipeline.config.loading import load_config
    from pipeline.inspection.listing import list_runs
    from pipeline.metadata.location import metadata_location

    location = metadata_location(load_config(arguments).metadata, arguments.workdir)
    return list_runs(location, Path(arguments.workdir).expanduser(), limit)


def _table(rows: list[dict[str, Any]]) -> str:
    """Newest first."""
    from pipeline.inspection.listing import HEADLINES
    from pipeline.inspection.view import cell
    from pipeline.runs.tables import render

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
