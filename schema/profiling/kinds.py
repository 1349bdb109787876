"""Infers what a column of a new database is good for."""

from __future__ import annotations

import json
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from schema.errors import UserError
from schema.features import FeatureColumn, Kind
from schema.profiling.member_columns import as_hierarchy, as_set, tell_members
from schema.source.cells.values import flat
from schema.values.numbers import named_like_a_code
from schema.values.value_text import value_text

_SAMPLE_ROWS: Final = 20_000
_FEW_CODES: Final = 32
_ENOUGH_TO_TELL: Final = 20
_UNIQUE: Final = 0.95
_FREE_TEXT: Final = 0.2
_DATE: Final = r"^\s*\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?$"
_ADDRESS: Final = r"^\s*(?:https?|s3|gs|ftp)://"


class Inferred(NamedTuple):
    """An inferred column and why it is what it is."""

    column: FeatureColumn
    reason: str


def infer_kind(name: str, column: pa.ChunkedArray | pa.Array) -> Inferred:
    """Infers the kind of a feature column from a sample of its values.

    Args:
        name: Name of the column; codes are also told by names such as `manufacturer_id`.
        column: Values as `ProductSource.read_table` gives them.
    """
    if pa.types.is_list(column.type):
        return _list(name, flat(column).drop_null())
    if name.strip() == "" or name.startswith(("Unnamed:", "__index_level_")):
        return _inferred(name, Kind.IGNORE, "a column without a name, as an index of pandas")
    values = _sample(flat(column)).drop_null()
    if len(values) == 0:
        return _inferred(name, Kind.IGNORE, "no values")
    distinct = len(pc.unique(values))
    if distinct == 1:
        return _inferred(name, Kind.IGNORE, "the same value everywhere")
    if pa.types.is_floating(values.type):
        return _inferred(name, Kind.NUMBER, "fractions")
    if pa.types.is_integer(values.type):
        return _integer(name, values, distinct)
    return _text(name, values, distinct)


def as_kind(
    key: str,
    name: str,
    column: pa.ChunkedArray | pa.Array,
    kind: Kind,
    separator: str | None = None,
    levels: str | None = None,
) -> FeatureColumn:
    """Returns the column with a kind that the user chose.

    Args:
        key: Configuration key, for messages.
        name: Name of the column.
        column: Values as `ProductSource.read_table` gives them.
        kind: The chosen kind.
        separator: Of a set or a path: what stands between its values; found in them if None.
        levels: Of a path: what stands between its levels; found in them if None.

    Raises:
        UserError: The values cannot be used so.
    """
    if kind in (Kind.SET, Kind.HIERARCHY):
        return _with_members(key, name, _cells(flat(column)), kind, separator, levels)
    if kind is Kind.EMBEDDING:
        inferred = _embedding(name, flat(column).drop_null())
        if inferred.column.kind is not Kind.EMBEDDING:
            raise _unfit(key, kind, inferred.reason, "JSON arrays of one length")
        return inferred.column
    if kind is Kind.NUMBER and pa.types.is_string(column.type) and column.null_count < len(column):
        raise _unfit(key, kind, "text", "numbers")
    if kind is not Kind.IGNORE and pa.types.is_list(column.type):
        raise _unfit(key, kind, "vectors", "the kind `embedding`, `set` or `ignore`")
    return FeatureColumn(name=name, kind=kind)


def _with_members(
    key: str, name: str, cells: list[str], kind: Kind, separator: str | None, levels: str | None
) -> FeatureColumn:
    if kind is Kind.SET:
        return as_set(name, cells, separator)
    column = as_hierarchy(name, cells, levels, separator)
    if column is None and not cells:
        return FeatureColumn(name=name, kind=Kind.IGNORE)
    if column is None:
        raise _unfit(
            key, kind, f"{cells[0]!r:.80}", 'say what stands between levels: `{kind: hierarchy, levels: "/"}`'
        )
    return column


def _cells(values: pa.Array) -> list[str]:
    """Values as text; lists as JSON."""
    known = values.drop_null()
    if pa.types.is_list(known.type):
        return [json.dumps([value_text(part) for part in parts]) for parts in known.to_pylist()]
    return [value_text(value) for value in known.to_pylist()]


def _unfit(key: str, kind: Kind, found: str, remedy: str) -> UserError:
    return UserError(
        f"Configuration key `{key}`: the column cannot be used as `{kind.value}`. Received: {found}. "
        f"Remedy: {remedy}."
    )


def _sample(values: pa.Array) -> pa.Array:
    if len(values) <= _SAMPLE_ROWS:
        return values
    step = len(values) / _SAMPLE_ROWS
    return values.take(pa.array([int(index * step) for index in range(_SAMPLE_ROWS)]))


def _list(name: str, values: pa.Array) -> Inferred:
    """Lists of numbers: vectors if they are of one length, and otherwise sets of whole numbers."""
    found = _embedding(name, values)
    numbers = pc.list_flatten(values)
    if found.column.kind is Kind.EMBEDDING or not len(numbers) or numbers.null_count:
        return found
    if not pc.all(pc.equal(pc.floor(numbers), numbers)).as_py():
        return found
    return _inferred(name, Kind.SET, "lists of whole numbers, of different lengths")


def _embedding(name: str, values: pa.Array) -> Inferred:
    if not pa.types.is_list(values.type) or len(values) == 0:
        return _inferred(name, Kind.IGNORE, "no vectors")
    lengths = pc.unique(pc.list_value_length(values)).to_pylist()
    if len(lengths) != 1 or lengths[0] < 1 or pc.list_flatten(values).null_count:
        return _inferred(name, Kind.IGNORE, "vectors of different lengths or with gaps")
    return Inferred(FeatureColumn(name=name, kind=Kind.EMBEDDING, dim=lengths[0]), f"vectors of {lengths[0]}")


def _integer(name: str, values: pa.Array, distinct: int) -> Inferred:
    all_different = distinct == len(values) and distinct > _ENOUGH_TO_TELL
    if named_like_a_code(name):
        kind = Kind.IGNORE if all_different else Kind.CATEGORY
        return _inferred(name, kind, "a different id in every row" if all_different else "codes, by the name")
    if distinct <= _FEW_CODES:
        return _inferred(name, Kind.CATEGORY, f"{distinct} different integers")
    return _inferred(name, Kind.NUMBER, "many different integers")


def _text(name: str, values: pa.Array, distinct: int) -> Inferred:
    share = distinct / len(values)
    if _share(values, _DATE) >= _UNIQUE:
        return _inferred(name, Kind.IGNORE, "dates")
    if _share(values, _ADDRESS) >= _UNIQUE:
        return _inferred(name, Kind.IGNORE, "addresses")
    members = tell_members(name, values.to_pylist())
    if members is not None:
        return Inferred(members.column, members.reason)
    words = pc.split_pattern_regex(pc.utf8_trim_whitespace(values), r"[\s,|;/]+")
    per_value = pc.mean(pc.list_value_length(words)).as_py()
    if per_value >= 1.8 and share >= _FREE_TEXT:
        return _inferred(name, Kind.TEXT, f"{per_value:.1f} words a value")
    if per_value >= 1.5 and distinct > _FEW_CODES and len(pc.unique(pc.list_flatten(words))) * 3 <= distinct:
        return _inferred(name, Kind.TEXT, "few words in many combinations")
    if share >= _UNIQUE and distinct > _ENOUGH_TO_TELL:
        return _inferred(name, Kind.IGNORE, "a different value in every row")
    return _inferred(name, Kind.CATEGORY, f"{distinct} different texts")


def _share(values: pa.Array, pattern: str) -> float:
    return float(pc.mean(pc.match_substring_regex(values, pattern)).as_py())


def _inferred(name: str, kind: Kind, reason: str) -> Inferred:
    return Inferred(FeatureColumn(name=name, kind=kind), reason)
