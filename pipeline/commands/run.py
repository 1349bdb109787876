"""`towerline run`: the whole pipeline, locally."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pipeline.terminal import console

if TYPE_CHECKING:
    from pipeline.planning.plan import RunPlan
    from pipeline.planning.planner import Planned

NAME = "run"
HELP = "run the whole pipeline: validate, transform, train, evaluate, bless, push"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("--source", metavar="URL", help="product database: SQLAlchemy URL or folder")


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    import time
    from pathlib import Path

    from pipeline.config.beam_addresses import check_addresses
    from pipeline.config.loading import load_config
    from pipeline.config.remembered_source import remember_source
    from pipeline.planning.planner import make_plan
    from pipeline.planning.workdir import only_run
    from pipeline.refreshing.pushed_weights import with_warm_start

    config = load_config(arguments, arguments.source)
    check_addresses(config.beam)
    planned = with_warm_start(make_plan(config, arguments.workdir))
    workdir = Path(planned.plan.workdir)
    with only_run(workdir):
        _announce(planned, arguments.json)
        remember_source(planned.plan.config.source, workdir)
        started = time.time()
        try:
            return _run(planned, arguments.json)
        finally:
            leave_report(planned.plan, started, arguments.json)


def _announce(planned: Planned, as_json: bool) -> None:
    from pathlib import Path

    from pipeline.planning.freezing import FEATURES_FILE
    from pipeline.planning.planner import feature_lines, schema_folder
    from pipeline.runs.telling import what_was_noticed, what_was_read

    tell = console.note if as_json or console.is_quiet() else console.say
    plan = planned.plan
    tell(what_was_read(planned))
    if planned.newly_frozen:
        written = schema_folder(Path(plan.workdir)) / FEATURES_FILE
        tell(f"Kinds of the columns, inferred and written to {written}:")
        tell("\n".join(feature_lines(planned.profile, plan.features)))
    for line in what_was_noticed(planned):
        tell(line)


def _run(planned: Planned, as_json: bool) -> int:
    from pipeline.commands.finishing import run_to_outcome
    from pipeline.runs.telling import run_json, run_text

    finished, outcome = run_to_outcome(planned.plan, quiet=as_json)
    if as_json:
        own = {
            "metrics": outcome.metrics,
            "retrieval": outcome.retrieval,
            "blessed": outcome.pushed_to is not None,
            "fallback": outcome.fallback,
            "starts": outcome.starts,
        }
        console.say_json(run_json(planned, finished, outcome) | own)
    else:
        console.say(run_text(planned, finished, outcome))
    outcome.check_pushed()
    return 0


def leave_report(plan: RunPlan, started: float, as_json: bool) -> None:
    """Writes the report of what ran since `started`; whatever is wrong with it, the run counts."""
    import logging

    try:
        from pipeline.reporting.after_run import write_report

        path = write_report(plan, started)
    except Exception as error:
        logging.getLogger(__name__).warning("No report was written.", exc_info=True)
        console.fail(f"No report was written: {type(error).__name__}: {error}")
        return
    if path is not None and not as_json:
        console.say(f"Report: {path}")
