"""What was noticed about single columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence, Set
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

_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:[,.' ][0-9]{3})+")
_FRACTION: Final = re.compile(r"([0-9]+)[.,]0+")
_FEW: Final = 3
_NEARLY_ALL: Final = 0.8


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


def loose(name: str) -> str:
    """Returns what is left of an id without case, leading zeros, marks of groups and quotation marks."""
    text = name
    if not text.isascii():
        kept = (sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")
        text = "".join(kept)
    text = text.casefold().strip().strip("'\"`#")
    if found := _FRACTION.fullmatch(text):
        text = found[1]
    elif _GROUPED.fullmatch(text):
        text = re.sub(r"[^0-9]", "", text)
    return text.lstrip("0") or text[-1:]


def spelling_findings(
    table: str, column: str, used: Set[str], table_ids: Set[str], others: str
) -> Iterator[Finding]:
    """Yields a finding if ids of the events are in a table, but spelled otherwise.

    Args:
        table: The table with a row for each id, for messages.
        column: Its column.
        used: Ids of the events.
        table_ids: Ids of the table.
        others: Name of the table of events.
    """
    unlisted = used - table_ids
    if not unlisted or not table_ids:
        return
    known: dict[str, str] = {}
    for name in sorted(table_ids):
        known.setdefault(loose(name), name)
    pairs = [(name, known[key]) for name in sorted(unlisted) if (key := loose(name)) in known]
    if not pairs:
        return
    never_meet = len(unlisted) == len(used) and len(pairs) >= max(_FEW, _NEARLY_ALL * len(used))
    yield Finding(
        kind="ids spelled in two ways",
        table=table,
        column=column,
        count=len(pairs),
        example=f"{pairs[0][0]!r} in `{others}` beside {pairs[0][1]!r}",
        action="refused: the tables never meet" if never_meet else "read as different ids",
        remedy="spell them alike in both tables, such as with `source.tables.events.query`",
        severity="error" if never_meet else "warning",
    )
