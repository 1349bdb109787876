"""Notes which values of a table are not in the form in which they are used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.findings import Finding, Findings
from schema.source.cells.number_columns import is_blank, is_plain
from schema.source.cells.values import flat, plain, readable_numbers_64
from schema.source.contract import EVENTS, KEYS, NUMBERS, PRODUCTS
from schema.source.databases.dialect import STAMPS, is_id
from schema.source.ids import canonical_ids, id_texts
from schema.source.relations import Relation
from schema.source.stamps.stamp_units import unit_of
from schema.source.stamps.stamps import blanks

CHANGED_IDS = "ids in another form"
_ROUNDED = r"^\s*\d(?:[.,]\d+)?[eE]\+\d{2,}\s*$"
"""A long number as spreadsheets write it: `1.23E+17`."""
_EXACT_FLOATS = 2.0**53
UNITS = "stamps in another unit"


@dataclass(frozen=True)
class _Column:
    """A column of a table as it was read, and where its findings go.

    Attributes:
        findings: Where they are noted.
        values: As they were read.
        relation: The table.
        name: Of the column in the contract.
        first_row: Row number of the first value.
    """

    findings: Findings
    values: pa.Array
    relation: Relation
    name: str
    first_row: int

    def note(self, kind: str, count: int, action: str, **more: Any) -> None:
        """Adds a finding of this column."""
        known_as = self.relation.known_as(self.name)
        finding = Finding(
            kind=kind, table=self.relation.name, column=known_as, count=count, action=action, **more
        )
        self.findings.add(finding)

    def note_marked(
        self, kind: str, marked: pa.Array, action: str, shown: Callable[[int], str] | None = None, **more: Any
    ) -> None:
        """Adds a finding of the marked values, if there are any; the first is shown as its example."""
        marked = pc.fill_null(marked, False)
        if count := pc.sum(marked).as_py() or 0:
            row = pc.index(marked, True).as_py()
            value = shown(row) if shown else repr(self.values[row].as_py())
            example = f"row {self.first_row + row}" + (f": {value}" if value else "")
            self.note(kind, count, action, example=example, **more)


def note_forms(findings: Findings, raw: pa.Table, relation: Relation, first_row: int) -> None:
    """Notes ids that change in form, and stamps that are no seconds.

    Args:
        findings: Where they are noted.
        raw: Rows as they were read, by the contract's names.
        relation: Where they come from.
        first_row: Row number of the first of them.
    """
    for name in raw.column_names:
        column = _Column(findings, flat(raw[name]), relation, name, first_row)
        if name == KEYS[relation.table] or (is_id(name) and relation.table == EVENTS):
            _note_ids(column)
        elif relation.table == EVENTS and name in NUMBERS:
            _note_written(column)
        elif name in STAMPS:
            _note_unit(column)
            if name == names.CREATED_AT:
                column.note_marked("words for a missing value", blanks(column.values), "no time is known")
        elif name == names.AVAILABLE and relation.table == PRODUCTS:
            _note_stock(column)


def _note_ids(column: _Column) -> None:
    texts = id_texts(column.values)
    _note_rounded(column, texts)
    canonical = canonical_ids(texts)
    if canonical is texts:
        return
    column.note_marked(
        CHANGED_IDS,
        pc.not_equal(texts, canonical),
        "read in one form, without blanks around them and `.0` behind them",
        shown=lambda row: f"{texts[row].as_py()!r} is {canonical[row].as_py()!r}",
        remedy="store ids in one form in every table",
        severity="warning" if column.name in (names.USER_ID, names.PRODUCT_ID) else "info",
    )


def _note_rounded(column: _Column, texts: pa.Array) -> None:
    """Notes ids that have gone through a float before they came here."""
    marked = pc.match_substring_regex(texts, _ROUNDED)
    if pa.types.is_floating(column.values.type):
        is_large = pc.greater_equal(pc.abs(column.values.cast(pa.float64())), _EXACT_FLOATS)
        marked = pc.or_(marked, is_large)
    column.note_marked(
        "ids that were rounded",
        marked,
        "read as they are: several ids may have become one",
        shown=lambda row: repr(texts[row].as_py()),
        remedy="export the column as text or integers, not through a spreadsheet or float",
        severity="warning",
    )


def _note_unit(column: _Column) -> None:
    unit, known = unit_of(column.values), column.values.drop_null()
    if unit is not None and unit != "seconds":
        column.note(
            f"{UNITS}: {unit}",
            len(known),
            f"read as {unit} since 1970",
            example=str(known[0].as_py()),
            remedy="store epoch seconds or UTC as ISO text if they are something else",
        )


def _note_written(column: _Column) -> None:
    """Notes numbers of events that are written for people, and words for a missing one."""
    if pa.types.is_floating(column.values.type):
        column.note_marked(
            "infinite numbers",
            pc.is_inf(column.values.cast(pa.float32(), safe=False)),
            "missing",
            shown=lambda row: "",
            remedy="correct the rows",
            severity="warning",
        )
    if not pa.types.is_string(column.values.type):
        return
    encoded = column.values.dictionary_encode()
    texts = encoded.dictionary.to_pylist()

    def marked(flags: list[bool]) -> pa.Array:
        return pa.array(flags, pa.bool_()).take(encoded.indices)

    is_word = marked([is_blank(text) and text.strip() != "" for text in texts])
    is_written = marked([not is_blank(text) and not is_plain(text) for text in texts])
    column.note_marked("words for a missing value", is_word, "missing")
    remedy = "set `source.csv.decimal` if a fraction begins elsewhere"
    column.note_marked("numbers in another form", is_written, "read as numbers", remedy=remedy)


def _note_stock(column: _Column) -> None:
    """Notes values of a flag that are neither 0 nor 1, and those that are missing."""
    numbers = readable_numbers_64(plain(column.values))
    above = pc.and_(pc.greater(numbers, 0), pc.not_equal(numbers, 1))
    for kind, marked, severity in (
        ("stock", above, "info"),
        ("stock below zero", pc.less(numbers, 0), "warning"),
    ):
        column.note_marked(
            kind,
            marked,
            "read as a stock: above 0 is available, 0 and below are not",
            shown=lambda row: str(column.values[row].as_py()),
            remedy="store 0 or 1 if the number means something else",
            severity=severity,
        )
    column.note_marked(
        "availability not known",
        pc.is_null(column.values),
        "read as available",
        shown=lambda row: "",
        remedy="store 0 where a product cannot be had",
    )
