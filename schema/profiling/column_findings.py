"""What was noticed about single columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.errors import UserError
from schema.features import FeatureColumn, Kind
from schema.findings import Finding
from schema.profiling.event_tally import date_of
from schema.source.cells.forms import UNITS
from schema.source.contract import PRODUCTS
from schema.source.product_source import ProductSource
from schema.values.members import MAX_MEMBERS, all_members

_MAX_NAMED: Final = 6


def check_units(findings: Sequence[Finding]) -> None:
    """Raises UserError if the stamps of a column are of several units."""
    units: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        if finding.kind.startswith(UNITS):
            units.setdefault((finding.table, finding.column), []).append(finding)
    for (table, column), found in units.items():
        if len(found) > 1:
            received = ", ".join(f"{one.kind.removeprefix(UNITS + ': ')} ({one.example})" for one in found)
            raise UserError(
                f"Table `{table}`, column `{column}`: stamps must all be of one unit. Received: {received}. "
                "Remedy: store epoch seconds."
            )


def early_findings(source: ProductSource, products: pa.Table, now: int) -> Iterator[Finding]:
    """Yields a finding for products that are created in the future.

    Args:
        source: For messages.
        products: The whole table.
        now: Epoch seconds.
    """
    if names.CREATED_AT not in products.column_names:
        return
    created = products[names.CREATED_AT]
    future = pc.fill_null(pc.greater(created, now + names.SECONDS_PER_DAY), False)
    count = pc.sum(future).as_py() or 0
    if count:
        row = pc.index(future, True).as_py()
        yield Finding(
            kind="created in the future",
            table=source.name_of(PRODUCTS),
            column=source.name_of(PRODUCTS, names.CREATED_AT),
            count=count,
            example=f"row {1 + row}: {date_of(created[row].as_py())}",
            action="counts as created today",
            remedy="correct the stamps, or set `available` to 0 until then",
            severity="warning",
        )


def member_findings(
    source: ProductSource, table: str, rows: pa.Table, columns: Sequence[FeatureColumn]
) -> Iterator[Finding]:
    """Yields a finding for each set or path of which some rows have more members than count.

    Args:
        source: For messages.
        table: Of the contract.
        rows: The whole table.
        columns: Its feature columns.
    """
    for column in columns:
        if not column.has_members:
            continue
        found = [(row, all_members(value, column)) for row, value in enumerate(rows[column.name].to_pylist())]
        large = [(row, members) for row, members in found if len(members) > MAX_MEMBERS]
        if large:
            yield Finding(
                kind="large sets",
                table=source.name_of(table),
                column=source.name_of(table, column.name),
                count=len(large),
                example=f"row {1 + large[0][0]}: {len(large[0][1])} values",
                action=f"the first {MAX_MEMBERS} values of each count",
                remedy=f"set `features.{table}.{column.name}: text` if these are words",
                severity="warning",
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
