"""What was noticed about single columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from schema.errors import UserError
from schema.features import FeatureColumn, Kind
from schema.findings import Finding
from schema.source.forms import UNITS
from schema.source.product_source import ProductSource

_MAX_NAMED: Final = 6


def check_units(findings: Sequence[Finding]) -> None:
    """Raises UserError if the stamps of a column are of several units."""
    units: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        if finding.kind.startswith(UNITS):
            units.setdefault((finding.table, finding.column), []).append(finding)
    for (table, column), found in units.items():
        if len(found) > 1:
            told = ", ".join(f"{one.kind.removeprefix(UNITS + ': ')} ({one.example})" for one in found)
            raise UserError(
                f"Table `{table}`, column `{column}`: stamps must all be of one unit. Received: {told}. "
                "Remedy: store epoch seconds."
            )


def column_findings(
    source: ProductSource, columns: Mapping[str, Sequence[FeatureColumn]]
) -> Iterator[Finding]:
    """Yields a finding for the columns of each table that are of no use."""
    for table, known in columns.items():
        unused = [column.name for column in known if column.kind is Kind.IGNORE]
        if unused:
            named = ", ".join(f"`{name}`" for name in unused[:_MAX_NAMED])
            yield Finding(
                kind="columns of no use",
                table=source.name_of(table),
                count=len(unused),
                example=named + (", …" if len(unused) > _MAX_NAMED else ""),
                action="not used: see the kinds of the columns",
                remedy="set their kind under `features` if they say something",
            )
