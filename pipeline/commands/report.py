"""`towerline report`: one HTML file about a run."""

from __future__ import annotations

import argparse

from pipeline.terminal import console

NAME = "report"
HELP = "write one self-contained HTML file about a run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument(
        "run", nargs="?", default="latest", metavar="R", help="run id, `latest` or `previous`"
    )
    parser.add_argument("--compare", metavar="R2", help="an earlier run to compare with")
    parser.add_argument("--output", required=True, metavar="FILE.html", help="file to write")


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from pathlib import Path

    from pipeline.config.loading import load_config
    from pipeline.inspection.addresses import find_run
    from pipeline.inspection.graph import read_graph
    from pipeline.inspection.listing import is_alive
    from pipeline.metadata.location import metadata_location
    from pipeline.reporting.page import report_page
    from pipeline.reporting.record import REPORTS
    from schema.errors import UserError

    workdir = Path(arguments.workdir).expanduser()
    location = metadata_location(load_config(arguments).metadata, arguments.workdir)
    graph = read_graph(location)
    run = find_run(graph, arguments.run)
    compare = find_run(graph, arguments.compare) if arguments.compare else None
    alive = is_alive(graph, run, location, workdir)
    page = report_page(graph, run, workdir / REPORTS, alive, compare)
    target = Path(arguments.output).expanduser()
    try:
        target.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"The report cannot be written. Received: --output {target} ({error.strerror}). "
            "Remedy: name another file."
        ) from error
    size = target.stat().st_size
    if arguments.json:
        console.say_json({"run_id": run.run_id, "output": str(target), "bytes": size})
    else:
        console.say(f"Report of run {run.run_id}: {target} ({size / 1000:.0f} kB)")
    return 0
