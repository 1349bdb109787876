"""What every kind of run tells of itself, whether everything was trained or only refreshed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pipeline.planning.planner import Planned
from pipeline.runs.local_runner import LocalRun
from pipeline.runs.outcome import Outcome
from pipeline.runs.tables import outcome_text, stages_table
from schema.findings import Finding

_MARKS = {"error": "!!", "warning": "!", "info": ""}


def what_was_read(planned: Planned) -> str:
    """The first line of a run: what the database holds."""
    profile = planned.profile
    return (
        f"Read {profile.num_events:,} events of {profile.num_users:,} users and {profile.num_products:,} "
        f"products from {planned.plan.config.source.url}"
    )


def what_was_noticed(planned: Planned) -> list[str]:
    """Notes and findings, one a line."""
    return [*(f"Note: {note}" for note in planned.notes), findings_text(planned.plan.findings)]


def run_text(planned: Planned, finished: LocalRun, outcome: Outcome) -> str:
    """What a run ends with at the terminal."""
    total = f"Total: {finished.seconds:.0f} s, {planned.profile.num_events:,} events read."
    return "\n".join([stages_table(finished.stages), total, outcome_text(outcome)])


def run_json(planned: Planned, finished: LocalRun, outcome: Outcome) -> dict[str, Any]:
    """What every kind of run has in its JSON."""
    profile = planned.profile
    return {
        "run_id": outcome.run_id,
        "rows": {
            "events": profile.num_events,
            "users": profile.num_users,
            "products": profile.num_products,
        },
        "seconds": finished.seconds,
        "stages": [asdict(stage) for stage in finished.stages],
        "anomalies": list(outcome.anomalies),
        "findings": [finding.model_dump() for finding in planned.plan.findings],
        "refusals": list(outcome.refusals),
        "pushed": outcome.pushed_to,
        "without_kernel": outcome.without_kernel,
        "log": str(finished.log_path),
    }


def findings_text(findings: Sequence[Finding]) -> str:
    """Returns a table of the findings, and the remedies of those that somebody should look at."""
    from pipeline.runs.tables import render

    rows = [
        (
            _MARKS[finding.severity],
            finding.kind,
            f"{finding.table}.{finding.column}" if finding.column else finding.table,
            f"{finding.count:,}",
            finding.example.replace("\n", " "),
            finding.action,
        )
        for finding in findings
    ]
    head = ("", "what", "where", "count", "such as", "what is done")
    lines = [f"The data ({_summary(findings)}):", render(head, rows, right=(3,))]
    lines += [
        f"  {finding.kind}: {finding.remedy}."
        for finding in findings
        if finding.severity != "info" and finding.remedy
    ]
    return "\n".join(lines)


def _summary(findings: Sequence[Finding]) -> str:
    count = sum(finding.severity != "info" for finding in findings)
    return f"{count} thing{'' if count == 1 else 's'} to look at" if count else "nothing to look at"
