"""The report of the data as people read it."""

from __future__ import annotations

from collections.abc import Sequence

from schema.findings import Finding

_MARKS = {"error": "!!", "warning": "!", "info": ""}


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
