"""How executions and whole runs ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from pipeline.metadata.store import Execution, Run
from pipeline.runs.outcome import Outcome

HEADLINES = ("ndcg@10", "recall@10", "coverage@10")
"""Metrics of the recommender that stand for the rest."""

_OURS = "towerline"


def node_state(execution: Execution, is_alive: bool) -> str:
    """What is still called running in a run that is over was killed."""
    return "killed" if execution.state == "RUNNING" and not is_alive else execution.state.lower()


def run_state(run: Run, outcome: Outcome, is_alive: bool) -> str:
    """`running`, `killed`, `failed`, `pushed`, `refused`, or `stopped` if it never came to a push."""
    states = {node_state(execution, is_alive) for execution in run.executions}
    for state in ("running", "killed", "failed"):
        if state in states:
            return state
    if is_alive:
        return "running"
    if outcome.pushed_to:
        return "pushed"
    return "refused" if outcome.refusals else "stopped"


def seconds_of(run: Run) -> float:
    """From the first node's begin to the last one's end."""
    started = min((execution.started for execution in run.executions), default=0.0)
    ended = max((execution.ended for execution in run.executions), default=0.0)
    return round(ended - started, 1)


def run_row(run: Run, outcome: Outcome, is_alive: bool) -> dict[str, Any]:
    """A run in one row."""
    states = Counter(node_state(execution, is_alive) for execution in run.executions)
    ours: Mapping[str, Any] = outcome.metrics.get("systems", {}).get(_OURS, {})
    return {
        "run_id": run.run_id,
        "state": run_state(run, outcome, is_alive),
        "started": min((execution.started for execution in run.executions), default=None),
        "seconds": seconds_of(run),
        "nodes": dict(states),
        "cached": states.get("cached", 0),
        **{name: ours.get(name, {}).get("mean") for name in HEADLINES},
        "blessed": outcome.metrics.get("blessed"),
        "pushed_version": outcome.pushed_version,
        "refresh_of": outcome.refresh_of,
        "refusals": list(outcome.refusals),
        "fallback": outcome.fallback,
    }
