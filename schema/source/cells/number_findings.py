"""Notes what was decided about columns of text by less than all of their values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from schema.features import Kind
from schema.findings import Finding
from schema.source.cells.number_columns import Typed
from schema.source.contract import Typing
from schema.source.relations import Relation
from schema.values.numbers import named_like_a_code

_MANY: Final = 0.5


def number_findings(
    column: Typed, relation: Relation, name: str, typing: Typing, kind: Kind | None
) -> Iterator[Finding]:
    """Yields what was noticed about a column of text.

    Args:
        column: What its values are.
        relation: Where they come from.
        name: Of the column in the contract.
        typing: What the database or file says of it.
        kind: That the user chose.
    """
    table, known_as = relation.name, relation.known_as(name)
    if kind not in (None, Kind.NUMBER):
        return
    if typing == "typed" and kind is None:
        if column.is_number and not named_like_a_code(name):
            yield _stored_as_text(column, relation, name)
    elif column.is_number:
        yield from _read_as_numbers(column, table, known_as)
    elif column.num_fit and (typing == "mixed" or _MANY <= column.share < 1):
        yield _among_texts(column, table, known_as)


def _read_as_numbers(column: Typed, table: str, known_as: str) -> Iterator[Finding]:
    if column.num_unfit:
        yield Finding(
            kind="values that are no number",
            table=table,
            column=known_as,
            count=column.num_unfit,
            example=repr(column.unfit),
            action=f"missing: {column.share:.0%} of the values are numbers",
            remedy="correct them, or set the kind of the column under `features`",
            severity="warning",
        )
    if column.num_blank:
        yield Finding(
            kind="words for a missing value",
            table=table,
            column=known_as,
            count=column.num_blank,
            example=repr(column.blank),
            action="missing, in a column of numbers",
        )
    if column.written:
        yield Finding(
            kind="numbers in another form",
            table=table,
            column=known_as,
            example=repr(column.written),
            action="read as numbers",
            remedy="set `source.csv.decimal` if a fraction begins elsewhere",
        )


def _stored_as_text(column: Typed, relation: Relation, name: str) -> Finding:
    return Finding(
        kind="numbers stored as text",
        table=relation.name,
        column=relation.known_as(name),
        count=column.num_fit,
        example=repr(column.fit),
        action="text, as it is stored",
        remedy=f"set `features.{relation.table}.{name}: number` if they are numbers",
        severity="warning",
    )


def _among_texts(column: Typed, table: str, known_as: str) -> Finding:
    if column.num_unfit:
        count, example = column.num_unfit, f"{column.unfit!r} beside {column.fit!r}"
        action = f"text: only {column.share:.0%} of the values are numbers"
    else:
        count, example = column.num_fit, repr(column.fit)
        action = "text: leading zeros, or two spellings of one number, as codes have"
    return Finding(
        kind="numbers among texts",
        table=table,
        column=known_as,
        count=count,
        example=example,
        action=action,
        remedy="correct the others, or set the kind of the column under `features`",
        severity="warning",
    )
