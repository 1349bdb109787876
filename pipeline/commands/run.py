"""`towerline run`: the whole pipeline, locally."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipeline.terminal import console

if TYPE_CHECKING:
    from pipeline.planning.plan import RunPlan
    from pipeline.planning.planner import Planned
    from pipeline.runs.outcome import Outcome

NAME = "run"
HELP = "run the whole pipeline: validate, transform, train, evaluate, bless, push"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("--source", metavar="URL", help="product database: SQLAlchemy URL or folder")


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from pathlib import Path

    from pipeline.config.beam_arguments import check_addresses
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
        return run_and_tell(planned, arguments.json, _own)


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


def run_and_tell(
    planned: Planned,
    as_json: bool,
    own: Callable[[Outcome], dict[str, Any]],
    plan: RunPlan | None = None,
    create: Callable[[RunPlan], Any] | None = None,
) -> int:
    """Runs a plan, takes forgotten users out of what was pushed, and tells and reports what the run came to.

    Args:
        planned: What was seen of the database.
        as_json: Whether stdout holds JSON.
        own: What this kind of run has in its JSON beside what every kind has.
        plan: What its nodes are told, if not the plan that was made of the database.
        create: Builds the TFX pipeline; by default the recommender's.

    Raises:
        As `run_locally`.
        PipelineRefusedError: Nothing was pushed.
        RuntimeError: ML Metadata does not know the run.
    """
    import time

    from pipeline.forgetting.cleaning import leave_clean
    from pipeline.runs.local_runner import run_locally
    from pipeline.runs.outcome import read_outcome
    from pipeline.runs.telling import run_json, run_text

    plan, started = plan or planned.plan, time.time()
    try:
        finished = run_locally(plan, create, quiet=as_json)
        leave_clean(plan)
        outcome = read_outcome(plan.metadata_path)
        if outcome is None:
            raise RuntimeError(f"ML Metadata in {plan.metadata_path} has no run although one finished")
        if as_json:
            console.say_json(run_json(planned, finished, outcome) | own(outcome))
        else:
            console.say(run_text(planned, finished, outcome))
        outcome.check_pushed()
        return 0
    finally:
        leave_report(plan, started, as_json)


def _own(outcome: Outcome) -> dict[str, Any]:
    return {
        "metrics": outcome.metrics,
        "retrieval": outcome.retrieval,
        "blessed": outcome.pushed_to is not None,
        "fallback": outcome.fallback,
        "starts": outcome.starts,
    }


def leave_report(plan: RunPlan, started: float, as_json: bool) -> None:
    """Writes the report of what ran since `started`; whatever is wrong with it, the run counts."""
    import logging

    try:
        from pipeline.reporting.page import write_report

        path = write_report(plan, started)
    except Exception as error:
        logging.getLogger(__name__).warning("No report was written.", exc_info=True)
        console.fail(f"No report was written: {type(error).__name__}: {error}")
        return
    if path is not None and not as_json:
        console.say(f"Report: {path}")
