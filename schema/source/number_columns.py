"""Columns of text that are numbers, with a few values that are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from schema.numbers import DecimalMark, is_code, named_like_a_code, number_of

_MISSING: Final = frozenset({"", "\\n", "null", "(null)", "none", "nan", "<na>", "n/a", "na", "-", "--", "?"})
_NUMBERS: Final = 0.95
_FEW_TEXTS: Final = 100
_LONGEST_INTEGER: Final = 18


@dataclass(frozen=True)
class Typed:
    """A column of text as what it is.

    Attributes:
        values: Numbers, or the text as it was.
        num_unfit: Values that became missing since they are no number.
        unfit: One of them.
        share: Of the values that are numbers.
        written: A number that is not written as programs do, such as `12,99`; empty if there is none.
    """

    values: pa.Array
    num_unfit: int = 0
    unfit: str = ""
    share: float = 0.0
    written: str = ""


def parsed(values: pa.Array, decimal: DecimalMark = "auto") -> pa.Array:
    """Returns text as float64, value by value; what is no number is missing."""
    encoded = values.dictionary_encode()
    numbers = [number_of(text, decimal) for text in encoded.dictionary.to_pylist()]
    return pa.array(numbers, pa.float64()).take(encoded.indices)


def typed_column(name: str, values: pa.Array, decimal: DecimalMark = "auto") -> Typed:
    """Tells from all values of a column of text whether it is one of numbers.

    It is if 95 % of them are, none has a leading zero, the column is not called like one of codes (unless
    all are), and no two texts of a few are one number, as the plans `1.1` and `1.10` would be.

    Args:
        name: Of the column.
        values: Text.
        decimal: What stands before a fraction.
    """
    if not pa.types.is_string(values.type) or values.null_count == len(values):
        return Typed(values)
    encoded = values.dictionary_encode()
    texts: list[str] = encoded.dictionary.to_pylist()
    counts = _counts(encoded)
    known = [index for index, text in enumerate(texts) if text.strip().lower() not in _MISSING]
    numbers = {index: number_of(texts[index], decimal) for index in known}
    fitting = [index for index in known if numbers[index] is not None]
    total = sum(counts[index] for index in known)
    share = sum(counts[index] for index in fitting) / total if total else 0.0
    is_kept = named_like_a_code(name) and share < 1
    if not fitting or share < _NUMBERS or is_kept or any(is_code(texts[index]) for index in fitting):
        return Typed(values, share=share)
    if len(fitting) <= _FEW_TEXTS and _says_more([texts[index] for index in fitting], numbers, fitting):
        return Typed(values, share=share)
    unfit = [index for index in known if numbers[index] is None]
    written = next((texts[index] for index in fitting if not _is_plain(texts[index])), "")
    column = pa.array([numbers.get(index) for index in range(len(texts))], pa.float64())
    if not written and all(_is_integer(texts[index]) for index in fitting):
        column = pa.array([int(texts[index]) if index in fitting else None for index in range(len(texts))])
        column = column.cast(pa.int64())
    return Typed(
        column.take(encoded.indices),
        sum(counts[index] for index in unfit),
        texts[unfit[0]] if unfit else "",
        share,
        written,
    )


def _counts(encoded: Any) -> list[int]:
    found = {item["values"]: item["counts"] for item in encoded.indices.value_counts().to_pylist()}
    return [found.get(index, 0) for index in range(len(encoded.dictionary))]


def _says_more(texts: list[str], numbers: dict[int, float | None], fitting: list[int]) -> bool:
    plain = {text.strip().removesuffix(".0").removeprefix("+") for text in texts}
    return len(plain) > len({numbers[index] for index in fitting})


def _is_plain(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_integer(text: str) -> bool:
    digits = text.strip().removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_INTEGER
