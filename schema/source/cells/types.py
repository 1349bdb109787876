"""The frozen types of feature columns: one value becomes the same wherever it is read."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from schema.features import ValueType
from schema.source.cells.values import VECTOR, list_texts, plain, readable_numbers_64, vectors
from schema.source.ids import id_texts
from schema.values.numbers import DecimalMark

_ARROW: Final[dict[ValueType, pa.DataType]] = {
    "integer": pa.int64(),
    "real": pa.float64(),
    "text": pa.string(),
    "vector": VECTOR,
}


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
