"""Brings the values of any database to four types: int64, float64, string and lists of float32.

Both reading paths, the Arrow-native one and the row-wise one, end here, so that they agree.
"""

from __future__ import annotations

import json
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from schema.errors import UserError
from schema.features import ValueType
from schema.source.cells.number_columns import is_blank, parsed
from schema.source.ids import canonical_ids, id_texts
from schema.values.numbers import DecimalMark

VECTOR: Final = pa.list_(pa.float32())
_NUMBER: Final = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
_EXACT_INTEGERS: Final = 2.0**53
_LARGEST_INTEGER: Final = 2**63

_ARROW: Final[dict[ValueType, pa.DataType]] = {
    "integer": pa.int64(),
    "real": pa.float64(),
    "text": pa.string(),
    "vector": VECTOR,
}


def flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Returns the column as one array."""
    if isinstance(column, pa.ChunkedArray):
        return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    return column


def texts(values: pa.Array) -> pa.Array:
    """Returns ids as text in their canonical form: `42`, `42.0` and `"42"` are the same, `"042"` is not."""
    return canonical_ids(values)


def numbers(
    values: pa.Array, table: str, column: str, first_row: int = 1, decimal: DecimalMark = "auto"
) -> pa.Array:
    """Returns quantities as float32.

    Raises:
        UserError: A text is no number.
    """
    values = plain(values)
    if pa.types.is_string(values.type):
        trimmed = _without_blanks(values)
        found = parsed(trimmed, decimal)
        bad = pc.and_(pc.is_valid(trimmed), pc.is_null(found))
        if pc.any(bad, min_count=0).as_py():
            index = pc.index(bad, True).as_py()
            raise UserError(
                f"Table `{table}`, column `{column}`, row {first_row + index}: not a number. "
                f"Received: {values[index].as_py()!r}. Remedy: correct the row, map another column, or say "
                "with `source.csv.decimal` what stands before a fraction."
            )
        values = found
    if pa.types.is_list(values.type):
        raise UserError(
            f"Table `{table}`, column `{column}` holds lists, no numbers. Remedy: map another column."
        )
    return _finite(values.cast(pa.float32(), safe=False))


def readable_numbers(values: pa.Array, decimal: DecimalMark = "auto") -> pa.Array:
    """Returns quantities as float32; what is no number is missing."""
    return _finite(readable_numbers_64(plain(values), decimal).cast(pa.float32(), safe=False))


def readable_numbers_64(values: pa.Array, decimal: DecimalMark = "auto") -> pa.Array:
    """Returns plain values as float64; what is no number is missing."""
    if pa.types.is_string(values.type):
        values = parsed(_trimmed(values), decimal)
    elif not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        return pa.nulls(len(values), pa.float64())
    return values.cast(pa.float64(), safe=False)


def _finite(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.is_inf(values), pa.scalar(None, values.type), values)


def _without_blanks(values: pa.Array) -> pa.Array:
    """Texts, of which those that say that there is no number are missing."""
    encoded = values.dictionary_encode()
    kept = [None if is_blank(text) else text for text in encoded.dictionary.to_pylist()]
    return pa.array(kept, pa.string()).take(encoded.indices)


def _trimmed(values: pa.Array) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(values)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _all_numbers(values: pa.Array) -> bool:
    found = pc.match_substring_regex(_trimmed(values), _NUMBER)
    return found.null_count < len(found) and bool(pc.all(found).as_py())


def _parsed(texts_: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(texts_, r"^\+", "").cast(pa.float64())


def flags(values: pa.Array, table: str, column: str, first_row: int = 1) -> pa.Array:
    """Returns 0/1 as int64, of booleans, numbers (above 0 is 1, such as a stock) or true/false, yes/no."""
    values = plain(values)
    if pa.types.is_string(values.type):
        if _all_numbers(values):
            return pc.greater(_parsed(_trimmed(values)), 0).cast(pa.int64())
        lower = pc.utf8_lower(pc.utf8_trim_whitespace(values))
        yes = pc.is_in(lower, pa.array(["1", "true", "t", "yes", "y"]))
        no = pc.is_in(lower, pa.array(["0", "false", "f", "no", "n", ""]))
        known = pc.or_(pc.or_(yes, no), pc.is_null(values))
        if not pc.all(known, min_count=0).as_py():
            index = pc.index(known, False).as_py()
            raise UserError(
                f"Table `{table}`, column `{column}`, row {first_row + index}: neither 0 nor 1. "
                f"Received: {values[index].as_py()!r}. Remedy: store 0 or 1."
            )
        return pc.if_else(pc.is_null(values), pa.scalar(None, pa.int64()), yes.cast(pa.int64()))
    if pa.types.is_list(values.type):
        raise UserError(f"Table `{table}`, column `{column}` holds lists. Remedy: store 0 or 1.")
    return pc.greater(values, 0).cast(pa.int64())


def native(values: pa.Array) -> pa.Array:
    """Returns a feature or context column as int64, float64, string or a list of float32.

    Whole floats become integers, as a nullable integer column often arrives as floats; texts that
    all are JSON arrays of numbers become vectors.
    """
    values = plain(values)
    if pa.types.is_floating(values.type):
        return _whole(values)
    if pa.types.is_string(values.type):
        if not _begins_a_list(values):
            return values
        found = vectors(values)
        all_fit = pc.all(pc.equal(found.is_valid(), values.is_valid()), min_count=0).as_py()
        return found if all_fit and found.null_count < len(found) else values
    return values


def vectors(values: pa.Array) -> pa.Array:
    """Returns plain values as vectors, of lists or of texts of JSON arrays; what is neither is missing."""
    if pa.types.is_list(values.type):
        return values
    if not pa.types.is_string(values.type):
        return pa.nulls(len(values), VECTOR)
    return pa.array([None if text is None else _vector(text) for text in values.to_pylist()], VECTOR)


def plain(values: pa.Array) -> pa.Array:
    """Returns a column as int64, float64, string or a list of float32, value by value."""
    kind = values.type
    if isinstance(values, pa.ExtensionArray):
        return plain(values.storage)
    if pa.types.is_dictionary(kind):
        return plain(values.dictionary_decode())
    if pa.types.is_uint64(kind) and (pc.max(values).as_py() or 0) >= _LARGEST_INTEGER:
        return values.cast(pa.float64(), safe=False)
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return values.cast(pa.int64())
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _without_nan(values.cast(pa.float64()))
    if pa.types.is_null(kind) or pa.types.is_string(kind):
        return values.cast(pa.string())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _lists(values)
    if pa.types.is_large_string(kind) or pa.types.is_temporal(kind):
        return values.cast(pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return id_texts(values)
    return list_texts(values)


def list_texts(values: pa.Array) -> pa.Array:
    """Returns lists, and other values with parts, as the text of JSON."""
    texts_ = [
        None if value is None else json.dumps(value, default=str, ensure_ascii=False)
        for value in values.to_pylist()
    ]
    return pa.array(texts_, pa.string())


def _without_nan(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.is_nan(values), pa.scalar(None, pa.float64()), values)


def _lists(values: pa.Array) -> pa.Array:
    inner = values.type.value_type
    if pa.types.is_integer(inner) or pa.types.is_floating(inner) or pa.types.is_decimal(inner):
        if pa.types.is_decimal(inner):
            values = values.cast(pa.list_(pa.float64()))
        return values.cast(VECTOR, safe=False)
    return list_texts(values)


def _whole(values: pa.Array) -> pa.Array:
    whole = pc.and_(pc.equal(pc.floor(values), values), pc.less(pc.abs(values), _EXACT_INTEGERS))
    if pc.all(whole, min_count=0).as_py():
        return values.cast(pa.int64())
    return values


def _begins_a_list(values: pa.Array) -> bool:
    known = values.drop_null()
    return len(known) > 0 and str(known[0].as_py()).lstrip().startswith("[")


def _vector(text: str) -> list[float] | None:
    if not text.lstrip().startswith("["):
        return None
    try:
        parsed: Any = json.loads(text)
    except ValueError:
        return None
    if not isinstance(parsed, list) or not parsed:
        return None
    if all(isinstance(item, int | float) and not isinstance(item, bool) for item in parsed):
        return [float(item) for item in parsed]
    return None


def type_of(values: pa.Array) -> ValueType | None:
    """Returns the type of a whole column as `ProductSource.read_table` gives it; None if it has no values."""
    if values.null_count == len(values):
        return None
    return next((name for name, kind in _ARROW.items() if kind == values.type), "text")


def as_type(values: pa.Array, wanted: ValueType, decimal: DecimalMark = "auto") -> pa.Array:
    """Returns raw values of a column in its frozen type; what does not fit is missing.

    Args:
        values: As they were read.
        wanted: The frozen type.
        decimal: What stands before the fraction of a number written as text.
    """
    if wanted == "text":
        return list_texts(values) if pa.types.is_nested(values.type) else id_texts(values)
    plain_values = plain(values)
    if wanted == "vector":
        return vectors(plain_values)
    numbers = readable_numbers_64(plain_values, decimal)
    if wanted == "real":
        return numbers
    if pa.types.is_integer(plain_values.type):
        return plain_values
    whole = pc.equal(pc.floor(numbers), numbers)
    fitting = pc.and_(whole, pc.less(pc.abs(numbers), 2.0**63))
    return pc.if_else(fitting, numbers, pa.scalar(None, pa.float64())).cast(pa.int64(), safe=False)
