"""The findings of the reader, as checks: severe ones stop the run."""

from __future__ import annotations

from collections.abc import Sequence

from components.evaluation.verdicts import Verdict
from schema.findings import Finding


def check_findings(findings: Sequence[Finding]) -> list[Verdict]:
    """Returns a failed check for each severe finding, with the count as what was measured."""
    return [
        Verdict(
            name=finding.kind,
            passed=False,
            critical=True,
            measured=float(finding.count),
            threshold=0.0,
            sentence=sentence_of(finding),
        )
        for finding in findings
        if finding.severity == "error"
    ]


def sentence_of(finding: Finding) -> str:
    """Returns a finding as a sentence with its remedy."""
    where = f"Table `{finding.table}`" + (f", column `{finding.column}`" if finding.column else "")
    example = f" ({finding.example})" if finding.example else ""
    remedy = f" Remedy: {finding.remedy}." if finding.remedy else ""
    return f"{where}: {finding.count:,} {finding.kind}{example}, {finding.action}.{remedy}"
