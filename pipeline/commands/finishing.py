"""A run and what it came to, for every command that makes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.forgetting.cleaning import leave_clean
from pipeline.planning.plan import RunPlan
from pipeline.runs.local_runner import LocalRun, run_locally
from pipeline.runs.outcome import Outcome, read_outcome


def run_to_outcome(
    plan: RunPlan, create: Callable[[RunPlan], Any] | None = None, quiet: bool = False
) -> tuple[LocalRun, Outcome]:
    """Runs a plan, takes forgotten users out of what was pushed, and reads what the run came to.

    Args:
        plan: The resolved run.
        create: Builds the TFX pipeline; by default the recommender's.
        quiet: Whether progress stays off stdout.

    Raises:
        As `run_locally`.
        RuntimeError: ML Metadata does not know the run.
    """
    finished = run_locally(plan, create, quiet=quiet)
    leave_clean(plan)
    outcome = read_outcome(plan.metadata_path)
    if outcome is None:
        raise RuntimeError(f"ML Metadata in {plan.metadata_path} has no run although one finished")
    return finished, outcome
