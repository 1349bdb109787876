"""Columns of text that are numbers, with a few values that are none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa

from schema.features import Kind
from schema.findings import Finding
from schema.source.contract import Typing
from schema.source.relations import Relation
from schema.values.numbers import DecimalMark, is_code, named_like_a_code, number_of

_MISSING: Final = frozenset({"", "\\n", "null", "(null)", "none", "nan", "<na>", "n/a", "na", "-", "--", "?"})
_NUMBERS: Final = 0.95
_FEW_TEXTS: Final = 100
_LONGEST_INTEGER: Final = 18

_MANY: Final = 0.5


@dataclass(frozen=True)
class Typed:
    """A column of text as what it is.

    Attributes:
        values: Numbers, where values that are none are missing, or the text as it was.
        num_fit: Values that are numbers.
        fit: One of them.
        num_unfit: Values that are no number.
        unfit: One of them.
        num_blank: Values such as `n/a` that say that there is none; the empty text is not counted.
        blank: One of them.
        written: A number that is not written as programs do, such as `12,99`; empty if there is none.
    """

    values: pa.Array
    num_fit: int = 0
    fit: str = ""
    num_unfit: int = 0
    unfit: str = ""
    num_blank: int = 0
    blank: str = ""
    written: str = ""

    @property
    def share(self) -> float:
        """Of the values that are numbers."""
        return self.num_fit / max(1, self.num_fit + self.num_unfit)

    @property
    def is_number(self) -> bool:
        """Whether the column is one of numbers."""
        return not pa.types.is_string(self.values.type)


def is_blank(text: str) -> bool:
    """Whether a text says that there is no number."""
    return text.strip().lower() in _MISSING


def is_plain(text: str) -> bool:
    """Whether a number is written as programs do."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def parsed(values: pa.Array, decimal: DecimalMark = "auto") -> pa.Array:
    """Returns text as float64, value by value; what is no number is missing."""
    encoded = values.dictionary_encode()
    numbers = [number_of(text, decimal) for text in encoded.dictionary.to_pylist()]
    return pa.array(numbers, pa.float64()).take(encoded.indices)


def typed_column(
    name: str, values: pa.Array, decimal: DecimalMark = "auto", kind: Kind | None = None
) -> Typed:
    """Tells from all values of a column of text whether it is one of numbers.

    It is if 95 % of them are, none has a leading zero, the column is not called like one of codes (unless
    all are), and no two texts of a few are one number, as the plans `1.1` and `1.10` would be.

    Args:
        name: Of the column.
        values: Text.
        decimal: What stands before a fraction.
        kind: That the user chose: a `number` is one whatever its texts are, and others are none.
    """
    if not pa.types.is_string(values.type) or values.null_count == len(values):
        return Typed(values)
    encoded = values.dictionary_encode()
    texts: list[str] = encoded.dictionary.to_pylist()
    counts = _counts(encoded)
    known = [index for index, text in enumerate(texts) if not is_blank(text)]
    numbers = {index: number_of(texts[index], decimal) for index in known}
    fitting = [index for index in known if numbers[index] is not None]
    unfit = [index for index in known if numbers[index] is None]
    blank = [index for index, text in enumerate(texts) if text.strip() and index not in numbers]
    summaries = [
        (sum(counts[index] for index in found), texts[found[0]] if found else "")
        for found in (fitting, unfit, blank)
    ]
    as_text = Typed(values, *summaries[0], *summaries[1], *summaries[2])
    reads_numbers = kind is Kind.NUMBER or (
        kind is None and as_text.share >= _NUMBERS and not _is_code(name, texts, numbers)
    )
    if not fitting or not reads_numbers:
        return as_text
    written = next((texts[index] for index in fitting if not is_plain(texts[index])), "")
    column = pa.array([numbers.get(index) for index in range(len(texts))], pa.float64())
    if not written and all(_is_integer(texts[index]) for index in fitting):
        integers = [None if numbers.get(index) is None else int(text) for index, text in enumerate(texts)]
        column = pa.array(integers, pa.int64())
    return replace(as_text, values=column.take(encoded.indices), written=written)


def _is_code(name: str, texts: list[str], numbers: dict[int, float | None]) -> bool:
    """Whether numbers are codes: by a leading zero, by the name, or by texts that are one number."""
    fitting = [index for index, number in numbers.items() if number is not None]
    if named_like_a_code(name) and len(fitting) < len(numbers):
        return True
    if any(is_code(texts[index]) for index in fitting):
        return True
    return len(fitting) <= _FEW_TEXTS and _says_more([texts[index] for index in fitting], numbers, fitting)


def _counts(encoded: Any) -> list[int]:
    found = {item["values"]: item["counts"] for item in encoded.indices.value_counts().to_pylist()}
    return [found.get(index, 0) for index in range(len(encoded.dictionary))]


def _says_more(texts: list[str], numbers: dict[int, float | None], fitting: list[int]) -> bool:
    plain = {text.strip().removesuffix(".0").removeprefix("+") for text in texts}
    return len(plain) > len({numbers[index] for index in fitting})


def _is_integer(text: str) -> bool:
    digits = text.strip().removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_INTEGER


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
