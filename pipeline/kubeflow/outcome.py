"""The container of the task `outcome`: says what the run came to, and fails if nothing was pushed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from pipeline.kubeflow.run import add_arguments, container_main, run_of
from pipeline.terminal import console


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the outcome of a run and returns the exit code."""
    parser = argparse.ArgumentParser(prog="outcome", description="says what a run on Kubeflow came to")
    add_arguments(parser)
    return container_main(parser, _execute, argv)


def _execute(arguments: argparse.Namespace) -> None:
    from pipeline.forgetting.cleaning import leave_clean
    from pipeline.runs.outcome import read_outcome
    from pipeline.runs.tables import outcome_text

    run = run_of(arguments)
    outcome = read_outcome(run.metadata, run.run_id)
    if outcome is None:
        raise RuntimeError(f"ML Metadata in {run.metadata} has no run {run.run_id}")
    leave_clean(run.read_plan())
    run.folder.joinpath("outcome.json").write_text(outcome.to_json(), encoding="utf-8")
    console.say(outcome_text(outcome))
    outcome.check_pushed()


if __name__ == "__main__":
    sys.exit(main())
