"""What became of each database, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from benchmarks.first_runs.measuring import FirstRun, Step
from benchmarks.markdown import NOTHING, table

_COMMANDS: Final = ("init", "doctor", "run")
_HEAD: Final = (
    "database",
    "server",
    "events",
    "users",
    "products",
    "init s",
    "doctor s",
    "run s",
    "edited",
    "end",
)
_LONGEST: Final = 160


def markdown(runs: Sequence[FirstRun]) -> str:
    """A row for each database, and below it what stopped those that stopped."""
    rows = [_row(run) for run in runs]
    stopped = [
        f"- {run.name}: {_last_line(step)}" for run in runs for step in run.steps.values() if step.code > 1
    ]
    return "\n".join([table(_HEAD, rows), *(["", *stopped] if stopped else [])])


def as_dict(run: FirstRun) -> Mapping[str, Any]:
    """Everything of one database."""
    return asdict(run)


def end_of(run: FirstRun) -> str:
    """How the last step ended: pushed, refused by a gate, or what stopped it."""
    command, step = list(run.steps.items())[-1]
    if step.code > 1:
        return f"{command} stopped ({step.code})"
    if command != "run":
        return f"{command} ended"
    if step.code == 1:
        return "refused by a gate"
    fallback = _json(step).get("fallback")
    return "pushed" if not fallback else "pushed the fallback"


def _row(run: FirstRun) -> Sequence[str]:
    counts = [NOTHING] * 3 if run.found is None else [f"{count:,}" for count in run.found]
    if run.found is not None and run.found[0] != run.num_events:
        counts[0] += f" (expected {run.num_events:,})"
    seconds = [f"{run.steps[name].seconds:.0f}" if name in run.steps else NOTHING for name in _COMMANDS]
    return [run.name, run.dialect, *counts, *seconds, "nothing", end_of(run)]


def _json(step: Step) -> dict[str, Any]:
    text = step.output.lstrip()
    if not text.startswith("{"):
        return {}
    found: dict[str, Any] = json.JSONDecoder().raw_decode(text)[0]
    return found


def _last_line(step: Step) -> str:
    lines = [line for line in step.output.splitlines() if line.strip()]
    return lines[-1][:_LONGEST] if lines else ""
