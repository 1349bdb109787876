"""The report as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.markdown import NOTHING, number, signed, table
from benchmarks.quality.protocols import ALL, NEW
from benchmarks.quality.report import OURS, Json, Report, Row, baselines, systems

_METRICS: Final = ("ndcg@10", "recall@10", "recall@100", "coverage@10")
_QUESTIONS: Final = {ALL: "Everything in the test window", NEW: "What the user had never bought before"}


def markdown(report: Report, command: str) -> str:
    """The bars, every system, every candidate source, and where the time went.

    Args:
        report: The result.
        command: The command that made it.
    """
    parts = [f"```\n{command}\n```", _bars(report)]
    first = report.runs[0] if report.runs else {}
    for question, title in _QUESTIONS.items():
        if systems(first, question):
            parts += [f"{title}:", _systems(report, question)]
    if first.get("retrieval", {}).get("recall"):
        parts += [f"Recall of the candidate sources (eval window, seed {report.seeds[0]}):", _sources(first)]
    if first.get("stages"):
        parts += ["Seconds of each node:", _stages(report)]
    return "\n\n".join(parts) + "\n"


def _bars(report: Report) -> str:
    count = len(report.seeds)
    head = (
        "",
        f"mean of {count} seeds" if count > 1 else f"seed {report.seeds[0]}",
        f"95 % interval (seed {report.seeds[0]})",
        "best baseline",
        "paired difference to it",
        "must",
        "aim",
        "met",
    )
    return table(head, [_bar(row) for row in report.rows])


def _bar(row: Row) -> tuple[str, ...]:
    spread = f" ± {number(row.deviation)}" if row.deviation is not None else ""
    baseline = f"{number(row.baseline_value)} ({row.baseline})" if row.baseline else NOTHING
    bar = row.bar
    return (
        bar.label,
        number(row.mean) + spread,
        f"[{number(row.interval[0])}, {number(row.interval[1])}]" if row.interval else NOTHING,
        baseline,
        _signed(row.difference),
        NOTHING if bar.must is None else f"{bar.must:g}" if bar.must else "> 0",
        NOTHING if bar.aim is None else f"{bar.aim:g}",
        {True: "yes", False: "**no**", None: NOTHING}[row.is_met],
    )


def _systems(report: Report, question: str) -> str:
    """Means over the seeds: classics without randomness are the same in each."""
    others = baselines(report.runs[0], question)
    rows = []
    for name in (OURS, *others):
        found = [systems(run, question).get(name, {}) for run in report.runs]
        rows.append((name, *(_mean_of(found, metric) for metric in _METRICS)))
    return table(("system", *_METRICS), rows)


def _sources(run: Json) -> str:
    recall: Mapping[str, Mapping[str, float]] = run["retrieval"]["recall"]
    cut_offs = sorted({name for found in recall.values() for name in found}, key=_cut_off)
    rows = [(source, *(number(found.get(name)) for name in cut_offs)) for source, found in recall.items()]
    return table(("source", *cut_offs), rows)


def _cut_off(name: str) -> float:
    """Sorts `recall@100` before `recall@1000`, and `recall`, that of the whole list, last."""
    digits = name.partition("@")[2]
    return float(digits) if digits.isdigit() else float("inf")


def _stages(report: Report) -> str:
    nodes = dict.fromkeys(stage["node"] for run in report.runs for stage in run["stages"])
    rows = [(node, *(_seconds(run, node) for run in report.runs)) for node in nodes]
    rows.append(("in all", *(f"{run['seconds']:.0f}" for run in report.runs)))
    return table(("node", *(f"seed {seed}" for seed in report.seeds)), rows)


def _seconds(run: Json, node: str) -> str:
    for stage in run["stages"]:
        if stage["node"] == node:
            return "cached" if stage["outcome"] == "cached" else f"{stage['seconds']:.0f}"
    return NOTHING


def _mean_of(found: Sequence[Mapping[str, Any]], metric: str) -> str:
    means = [system[metric]["mean"] for system in found if metric in system]
    return number(sum(means) / len(means)) if means else NOTHING


def _signed(difference: tuple[float, float, float] | None) -> str:
    if difference is None:
        return NOTHING
    mean, low, high = map(signed, difference)
    return f"{mean} [{low}, {high}]"
