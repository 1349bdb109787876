"""`towerline refresh`: the pushed version once more, from the events up to now."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pipeline.terminal import console

if TYPE_CHECKING:
    from pipeline.refreshing.planning import Refresh
    from pipeline.runs.local_runner import LocalRun
    from pipeline.runs.outcome import Outcome

NAME = "refresh"
HELP = "make statistics, neighbours, popularity and new products of the pushed version again, up to now"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("--source", metavar="URL", help="product database, if not that of the last run")


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    import time
    from pathlib import Path

    from pipeline.commands.run import leave_report
    from pipeline.config.loading import load_config
    from pipeline.config.remembered_source import known_url
    from pipeline.planning.workdir import only_run
    from pipeline.refreshing.planning import plan_refresh

    workdir = Path(arguments.workdir).expanduser().absolute()
    config = known_url(load_config(arguments, arguments.source), workdir)
    refresh = plan_refresh(config, arguments.workdir)
    with only_run(Path(refresh.plan.workdir)):
        _announce(refresh, arguments.json)
        started = time.time()
        try:
            return _run(refresh, arguments.json)
        finally:
            leave_report(refresh.plan, started, arguments.json)


def _announce(refresh: Refresh, as_json: bool) -> None:
    from pipeline.runs.findings import findings_text

    tell = console.note if as_json or console.is_quiet() else console.say
    profile = refresh.planned.profile
    tell(
        f"Read {profile.num_events:,} events of {profile.num_users:,} users and {profile.num_products:,} "
        f"products from {refresh.plan.config.source.url}"
    )
    for note in refresh.planned.notes:
        tell(f"Note: {note}")
    tell(findings_text(refresh.plan.findings))
    tell(f"Refreshing version {refresh.parts.version}, with the weights of {refresh.parts.trained}")


def _run(refresh: Refresh, as_json: bool) -> int:
    from pathlib import Path

    from pipeline.config.forgotten_users import known_forgotten
    from pipeline.forgetting.cleaning import clean_pushed
    from pipeline.runs.local_runner import run_locally
    from pipeline.runs.outcome import read_outcome
    from schema.errors import PipelineRefusedError

    finished = run_locally(refresh.plan, lambda plan: _create(refresh), quiet=as_json)
    clean_pushed(Path(refresh.plan.push_directory), known_forgotten(Path(refresh.plan.workdir)))
    outcome = read_outcome(refresh.plan.metadata_path)
    if outcome is None:
        raise RuntimeError(f"ML Metadata in {refresh.plan.metadata_path} has no run although one finished")
    _tell(refresh, finished, outcome, as_json)
    if outcome.pushed_to is None:
        reasons = "; ".join(outcome.refusals) or "a blessing is missing"
        raise PipelineRefusedError(f"Not pushed, the served version stays what it was. {reasons}")
    return 0


def _create(refresh: Refresh) -> object:
    from pipeline.refreshing.create_refresh import create_refresh

    return create_refresh(refresh.plan, refresh.parts)


def _tell(refresh: Refresh, finished: LocalRun, outcome: Outcome, as_json: bool) -> None:
    from dataclasses import asdict

    from pipeline.runs.tables import outcome_text, stages_table

    if as_json:
        console.say_json(
            {
                "run_id": outcome.run_id,
                "refreshed": refresh.parts.version,
                "refresh_of": refresh.parts.trained,
                "rows": {"events": refresh.planned.profile.num_events},
                "seconds": finished.seconds,
                "stages": [asdict(stage) for stage in finished.stages],
                "anomalies": list(outcome.anomalies),
                "findings": [finding.model_dump() for finding in refresh.plan.findings],
                "refusals": list(outcome.refusals),
                "pushed": outcome.pushed_to,
                "log": str(finished.log_path),
            }
        )
        return
    console.say(stages_table(finished.stages))
    console.say(f"Total: {finished.seconds:.0f} s, {refresh.planned.profile.num_events:,} events read.")
    console.say(outcome_text(outcome))
