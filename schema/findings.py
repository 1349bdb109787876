"""What was noticed while a database was read: each finding says what was done about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from schema.settings import Settings

Severity = Literal["info", "warning", "error"]

_LONGEST_EXAMPLE = 80


class Finding(Settings):
    """One kind of thing that was noticed in one column."""

    kind: str
    """What was noticed, such as `guests`."""
    table: str
    """Name of the table in the database."""
    column: str = ""
    """Name of the column in the database, if it is about one."""
    count: int = 1
    """How many rows, values or files."""
    example: str = ""
    """One of them, with its row number where there is one."""
    action: str
    """What was done about it."""
    remedy: str = ""
    """What the owner of the data can do."""
    severity: Severity = "info"
    """`error`: a run refuses it; `warning`: the owner should look at it; `info`: as it should be."""
    rows_left_out: int = 0
    """Rows that are not used because of it."""


class Findings:
    """Collects findings; those of one kind and column are added up, the first example stays."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], Finding] = {}

    def add(self, finding: Finding) -> None:
        """Adds a finding, or its counts to one of the same kind, table and column."""
        key = (finding.kind, finding.table, finding.column)
        known = self._found.get(key)
        if known is None:
            shown = finding.example
            shown = shown if len(shown) <= _LONGEST_EXAMPLE else shown[: _LONGEST_EXAMPLE - 1] + "…"
            self._found[key] = finding.model_copy(update={"example": shown})
            return
        update = {
            "count": known.count + finding.count,
            "rows_left_out": known.rows_left_out + finding.rows_left_out,
        }
        self._found[key] = known.model_copy(update=update)

    def extend(self, findings: Iterable[Finding]) -> None:
        """Adds several."""
        for finding in findings:
            self.add(finding)

    def all(self) -> tuple[Finding, ...]:
        """Returns the findings, the severe ones first."""
        rank = {"error": 0, "warning": 1, "info": 2}
        return tuple(sorted(self._found.values(), key=lambda finding: rank[finding.severity]))
