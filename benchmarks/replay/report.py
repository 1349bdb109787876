"""The table of the schedules."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.markdown import NOTHING, number, signed, table
from benchmarks.replay.measuring import Scores, compared
from components.evaluation.bootstrap import Interval


@dataclass
class Report:
    """What was measured so far.

    Attributes:
        name: Of the data.
        seed: Of the runs and of the bootstrap.
        scores: Schedule -> scores; the others are compared with the first.
        num_days: Days that are over.
        num_lists: Lists of a user on a day.
        refresh_seconds: Of each refresh.
        run_seconds: Of each run after the first.
        num_refused: Runs whose model was refused.
    """

    name: str
    seed: int
    scores: Mapping[str, Scores]
    num_days: int = 0
    num_lists: int = 0
    refresh_seconds: list[float] = field(default_factory=list)
    run_seconds: list[float] = field(default_factory=list)
    num_refused: int = 0


def markdown(report: Report, command: str) -> str:
    """The report as Markdown.

    Args:
        report: What was measured.
        command: That gives the same numbers.
    """
    parts = [
        f"`{command}`: {report.num_days} days of {report.name}, {report.num_lists:,} lists of a user on a "
        "day on which the user bought something, made at midnight. Means over users of the mean over "
        "their days, with 95 % intervals over users; differences are paired.",
    ]
    base = next(iter(report.scores))
    for metric, found in compared(report.scores, report.seed).items():
        rows = [
            (name, _interval(found.means[name]), _interval(found.gains.get(name), with_sign=True))
            for name in report.scores
        ]
        parts.append(
            f"{metric}, {found.num_users:,} users:\n\n"
            + table(("schedule", "mean", f"ahead of “{base}”"), rows)
        )
    times = [_times("a refresh", report.refresh_seconds), _times("a run", report.run_seconds)]
    seconds = "; ".join(text for text in times if text)
    refused = f" {report.num_refused} of the runs were refused by the gates." if report.num_refused else ""
    parts += [f"Seconds: {seconds}.{refused}"] if seconds else []
    return "\n\n".join(parts) + "\n"


def as_dict(report: Report) -> dict[str, Any]:
    """For JSON."""
    return {
        "data": report.name,
        "days": report.num_days,
        "lists": report.num_lists,
        "metrics": {
            metric: {
                "users": found.num_users,
                "means": {name: asdict(value) for name, value in found.means.items()},
                "gains": {name: asdict(value) for name, value in found.gains.items()},
            }
            for metric, found in compared(report.scores, report.seed).items()
        },
        "refresh_seconds": report.refresh_seconds,
        "run_seconds": report.run_seconds,
        "refused_runs": report.num_refused,
    }


def _times(what: str, seconds: Sequence[float]) -> str:
    return f"{what} {statistics.median(seconds):.0f} (median of {len(seconds)})" if seconds else ""


def _interval(value: Interval | None, with_sign: bool = False) -> str:
    if value is None:
        return NOTHING
    shown = signed if with_sign else number
    return f"{shown(value.mean)} [{shown(value.low)}, {shown(value.high)}]"
