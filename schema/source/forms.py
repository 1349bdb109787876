"""Notes which values of a table are not in the form in which they are used."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.findings import Finding, Findings, Severity
from schema.source.contract import EVENTS, KEYS, NUMBERS, PRODUCTS
from schema.source.dialect import STAMPS, is_id
from schema.source.ids import canonical_ids, id_texts
from schema.source.number_columns import is_blank, is_plain
from schema.source.relations import Relation
from schema.source.stamp_units import unit_of
from schema.source.stamps import blanks
from schema.source.values import flat, plain, readable_numbers_64

CHANGED_IDS = "ids in another form"
_ROUNDED = r"^\s*\d(?:[.,]\d+)?[eE]\+\d{2,}\s*$"
"""A long number as spreadsheets write it: `1.23E+17`."""
_EXACT_FLOATS = 2.0**53
UNITS = "stamps in another unit"


def note_forms(findings: Findings, raw: pa.Table, relation: Relation, first_row: int) -> None:
    """Notes ids that change in form, and stamps that are no seconds.

    Args:
        findings: Where they are noted.
        raw: Rows as they were read, by the contract's names.
        relation: Where they come from.
        first_row: Row number of the first of them.
    """
    for name in raw.column_names:
        if name == KEYS[relation.table] or (is_id(name) and relation.table == EVENTS):
            _note_ids(findings, flat(raw[name]), relation, name, first_row)
        elif relation.table == EVENTS and name in NUMBERS:
            _note_written(findings, flat(raw[name]), relation, name, first_row)
        elif name in STAMPS:
            _note_unit(findings, flat(raw[name]), relation, name)
            if name == names.CREATED_AT:
                _note_blank_stamps(findings, flat(raw[name]), relation, name)
        elif name == names.AVAILABLE and relation.table == PRODUCTS:
            _note_stock(findings, flat(raw[name]), relation, name)


def _note_ids(findings: Findings, raw: pa.Array, relation: Relation, name: str, first_row: int) -> None:
    texts = id_texts(raw)
    _note_rounded(findings, raw, texts, relation, name, first_row)
    canonical = canonical_ids(texts)
    if canonical is texts:
        return
    changed = pc.fill_null(pc.not_equal(texts, canonical), False)
    count = pc.sum(changed).as_py() or 0
    if count:
        row = pc.index(changed, True).as_py()
        findings.add(
            Finding(
                kind=CHANGED_IDS,
                table=relation.name,
                column=relation.known_as(name),
                count=count,
                example=f"row {first_row + row}: {texts[row].as_py()!r} is {canonical[row].as_py()!r}",
                action="read in one form, without blanks around them and `.0` behind them",
                remedy="store ids in one form in every table",
                severity="warning" if name in (names.USER_ID, names.PRODUCT_ID) else "info",
            )
        )


def _note_rounded(
    findings: Findings, raw: pa.Array, texts: pa.Array, relation: Relation, name: str, first_row: int
) -> None:
    """Notes ids that have gone through a float before they came here."""
    flags = pc.match_substring_regex(texts, _ROUNDED)
    if pa.types.is_floating(raw.type):
        flags = pc.or_(flags, pc.greater_equal(pc.abs(raw.cast(pa.float64())), _EXACT_FLOATS))
    flags = pc.fill_null(flags, False)
    if count := pc.sum(flags).as_py() or 0:
        row = pc.index(flags, True).as_py()
        findings.add(
            Finding(
                kind="ids that were rounded",
                table=relation.name,
                column=relation.known_as(name),
                count=count,
                example=f"row {first_row + row}: {texts[row].as_py()!r}",
                action="read as they are: several ids may have become one",
                remedy="export the column as text or integers, not through a spreadsheet or float",
                severity="warning",
            )
        )


def _note_unit(findings: Findings, raw: pa.Array, relation: Relation, name: str) -> None:
    unit = unit_of(raw)
    if unit is not None and unit != "seconds":
        findings.add(
            Finding(
                kind=f"{UNITS}: {unit}",
                table=relation.name,
                column=relation.known_as(name),
                count=len(raw) - raw.null_count,
                example=str(raw.drop_null()[0].as_py()),
                action=f"read as {unit} since 1970",
                remedy="store epoch seconds or UTC as ISO text if they are something else",
            )
        )


def _note_written(findings: Findings, raw: pa.Array, relation: Relation, name: str, first_row: int) -> None:
    """Notes numbers of events that are written for people, and words for a missing one."""
    if pa.types.is_floating(raw.type):
        _note_infinite(findings, raw, relation, name, first_row)
    if not pa.types.is_string(raw.type):
        return
    encoded = raw.dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    told = (
        ("words for a missing value", [is_blank(text) and text.strip() != "" for text in texts], "missing"),
        (
            "numbers in another form",
            [not is_blank(text) and not is_plain(text) for text in texts],
            "read as numbers",
        ),
    )
    for kind, found, action in told:
        flags = pc.fill_null(pa.array(found, pa.bool_()).take(encoded.indices), False)
        if count := pc.sum(flags).as_py() or 0:
            row = pc.index(flags, True).as_py()
            findings.add(
                Finding(
                    kind=kind,
                    table=relation.name,
                    column=relation.known_as(name),
                    count=count,
                    example=f"row {first_row + row}: {raw[row].as_py()!r}",
                    action=action,
                    remedy="set `source.csv.decimal` if a fraction begins elsewhere"
                    if action != "missing"
                    else "",
                )
            )


def _note_infinite(findings: Findings, raw: pa.Array, relation: Relation, name: str, first_row: int) -> None:
    flags = pc.fill_null(pc.is_inf(raw.cast(pa.float32(), safe=False)), False)
    if count := pc.sum(flags).as_py() or 0:
        row = pc.index(flags, True).as_py()
        findings.add(
            Finding(
                kind="infinite numbers",
                table=relation.name,
                column=relation.known_as(name),
                count=count,
                example=f"row {first_row + row}",
                action="missing",
                remedy="correct the rows",
                severity="warning",
            )
        )


def _note_blank_stamps(findings: Findings, raw: pa.Array, relation: Relation, name: str) -> None:
    flags = blanks(raw)
    if count := pc.sum(flags).as_py() or 0:
        row = pc.index(flags, True).as_py()
        findings.add(
            Finding(
                kind="words for a missing value",
                table=relation.name,
                column=relation.known_as(name),
                count=count,
                example=f"row {1 + row}: {raw[row].as_py()!r}",
                action="no time is known",
            )
        )


def _note_stock(findings: Findings, raw: pa.Array, relation: Relation, name: str) -> None:
    """Notes values of a flag that are neither 0 nor 1, and those that are missing."""
    numbers = readable_numbers_64(plain(raw))
    table, place = relation.name, relation.known_as(name)
    above = pc.and_(pc.greater(numbers, 0), pc.not_equal(numbers, 1))
    told: tuple[tuple[str, pa.Array, Severity], ...] = (
        ("stock", above, "info"),
        ("stock below zero", pc.less(numbers, 0), "warning"),
    )
    for kind, found, severity in told:
        flags = pc.fill_null(found, False)
        if count := pc.sum(flags).as_py() or 0:
            row = pc.index(flags, True).as_py()
            findings.add(
                Finding(
                    kind=kind,
                    table=table,
                    column=place,
                    count=count,
                    example=f"row {1 + row}: {raw[row].as_py()}",
                    action="read as a stock: above 0 is available, 0 and below are not",
                    remedy="store 0 or 1 if the number means something else",
                    severity=severity,
                )
            )
    if raw.null_count:
        findings.add(
            Finding(
                kind="availability not known",
                table=table,
                column=place,
                count=raw.null_count,
                example=f"row {1 + pc.index(pc.is_null(raw), True).as_py()}",
                action="read as available",
                remedy="store 0 where a product cannot be had",
            )
        )
