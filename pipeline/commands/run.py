"""`towerline run`: the whole pipeline, locally."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pipeline.terminal import console

if TYPE_CHECKING:
    from pipeline.planning.plan import RunPlan
    from pipeline.planning.planner import Planned
    from pipeline.runs.local_runner import LocalRun
    from pipeline.runs.outcome import Outcome

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

    config = load_config(arguments, arguments.source)
    check_addresses(config.beam)
    planned = make_plan(config, arguments.workdir)
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
    from pipeline.runs.findings import findings_text

    tell = console.note if as_json or console.is_quiet() else console.say
    profile, plan = planned.profile, planned.plan
    tell(
        f"Read {profile.num_events:,} events of {profile.num_users:,} users and {profile.num_products:,} "
        f"products from {plan.config.source.url}"
    )
    if planned.newly_frozen:
        written = schema_folder(Path(plan.workdir)) / FEATURES_FILE
        tell(f"Kinds of the columns, inferred and written to {written}:")
        tell("\n".join(feature_lines(profile, plan)))
    for note in planned.notes:
        tell(f"Note: {note}")
    tell(findings_text(plan.findings))


def _run(planned: Planned, as_json: bool) -> int:
    from pathlib import Path

    from pipeline.config.forgotten_users import known_forgotten
    from pipeline.forgetting.cleaning import clean_pushed
    from pipeline.runs.local_runner import run_locally
    from pipeline.runs.outcome import read_outcome
    from schema.errors import PipelineRefusedError

    finished = run_locally(planned.plan, quiet=as_json)
    clean_pushed(Path(planned.plan.push_directory), known_forgotten(Path(planned.plan.workdir)))
    outcome = read_outcome(planned.plan.metadata_path)
    if outcome is None:
        raise RuntimeError(f"ML Metadata in {planned.plan.metadata_path} has no run although one finished")
    if as_json:
        console.say_json(_as_json(planned, finished, outcome))
    else:
        _print(planned, finished, outcome)
    if outcome.pushed_to is None:
        reasons = "; ".join(outcome.refusals) or "a blessing is missing"
        raise PipelineRefusedError(f"Not pushed, the served version stays what it was. {reasons}")
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


def _print(planned: Planned, finished: LocalRun, outcome: Outcome) -> None:
    from pipeline.runs.tables import outcome_text, stages_table

    console.say(stages_table(finished.stages))
    console.say(f"Total: {finished.seconds:.0f} s, {planned.profile.num_events:,} events read.")
    console.say(outcome_text(outcome))


def _as_json(planned: Planned, finished: LocalRun, outcome: Outcome) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "run_id": outcome.run_id,
        "rows": {
            "events": planned.profile.num_events,
            "users": planned.profile.num_users,
            "products": planned.profile.num_products,
        },
        "seconds": finished.seconds,
        "stages": [asdict(stage) for stage in finished.stages],
        "metrics": outcome.metrics,
        "retrieval": outcome.retrieval,
        "anomalies": list(outcome.anomalies),
        "findings": [finding.model_dump() for finding in planned.plan.findings],
        "blessed": outcome.pushed_to is not None,
        "refusals": list(outcome.refusals),
        "fallback": outcome.fallback,
        "pushed": outcome.pushed_to,
        "log": str(finished.log_path),
    }
