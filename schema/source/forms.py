"""Notes which values of a table are not in the form in which they are used."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.findings import Finding, Findings
from schema.source.contract import KEYS
from schema.source.dialect import STAMPS, is_id
from schema.source.ids import canonical_ids, id_texts
from schema.source.number_columns import Typed
from schema.source.relations import Relation
from schema.source.stamp_units import unit_of
from schema.source.values import flat

CHANGED_IDS = "ids in another form"
_MANY = 0.5
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
        if name == KEYS[relation.table] or (is_id(name) and relation.table == "events"):
            _note_ids(findings, flat(raw[name]), relation, name, first_row)
        elif name in STAMPS:
            _note_unit(findings, flat(raw[name]), relation, name)


def _note_ids(findings: Findings, raw: pa.Array, relation: Relation, name: str, first_row: int) -> None:
    texts = id_texts(raw)
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


def note_numbers(findings: Findings, column: Typed, relation: Relation, name: str) -> None:
    """Notes what was decided about a column of text by less than all of its values."""
    table, place = relation.name, relation.known_as(name)
    if column.num_unfit:
        findings.add(
            Finding(
                kind="values that are no number",
                table=table,
                column=place,
                count=column.num_unfit,
                example=repr(column.unfit),
                action=f"missing: {column.share:.0%} of the values are numbers",
                remedy="correct them, or set the kind of the column under `features`",
                severity="warning",
            )
        )
    if column.written:
        findings.add(
            Finding(
                kind="numbers in another form",
                table=table,
                column=place,
                example=repr(column.written),
                action="read as numbers",
                remedy="set `source.csv.decimal` if a fraction begins elsewhere",
            )
        )
    if pa.types.is_string(column.values.type) and _MANY <= column.share < 1:
        findings.add(
            Finding(
                kind="numbers among texts",
                table=table,
                column=place,
                action=f"text: only {column.share:.0%} of the values are numbers",
                remedy="correct the others if it is a number",
                severity="warning",
            )
        )
