"""What stands in the cells of sets (tags, several categories) and of paths through a tree of categories.

A cell is a list, the text of a JSON list or of a PostgreSQL array, or a text with a separator. Of a path
every beginning is a member (`Food`, `Food > Dairy`, `Food > Dairy > Milk`), so that what holds of a branch
holds of all that is below it, and products are as alike as their paths are long together.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from schema.features import FeatureColumn, Kind
from schema.values.value_text import value_text

MAX_MEMBERS: Final = 32
"""Members of a cell that count, the first ones."""


def members(value: Any, column: FeatureColumn) -> tuple[str, ...]:
    """Returns the distinct members of a cell in their order, at most `MAX_MEMBERS`; () if it is missing.

    Args:
        value: A text, a list or a number.
        column: Of the kind `set` or `hierarchy`; a list of the beginnings of a path stays as it is.
    """
    return all_members(value, column)[:MAX_MEMBERS]


def all_members(value: Any, column: FeatureColumn) -> tuple[str, ...]:
    """`members`, however many they are."""
    parts = cell_parts(value, column.separator)
    if column.kind is Kind.HIERARCHY:
        parts = [beginning for part in parts for beginning in beginnings(part, column.levels)]
    return tuple(dict.fromkeys(parts))


def cell_parts(value: Any, separator: str = "") -> list[str]:
    """Returns the parts of a cell, without blanks around them and without empty ones.

    Args:
        value: A text, a list or a number; None if it is missing.
        separator: What stands between parts of a text; "" if the whole text is one part.
    """
    if value is None:
        return []
    listed = value if isinstance(value, list | tuple) else _listed(value)
    if listed is None:
        text = value_text(value)
        listed = text.split(separator) if separator else [text]
    return [part for part in (value_text(one).strip() for one in listed if one is not None) if part]


def levels_of(path: str, separator: str) -> list[str]:
    """Returns the levels of a path from the root, without blanks around them and without empty ones."""
    bare = separator.strip()
    levels = path.split(bare) if bare else [path]
    return [level for level in (level.strip() for level in levels) if level]


def beginnings(path: str, separator: str) -> list[str]:
    """Returns every beginning of a path, the shortest first, each as the column writes paths."""
    levels = levels_of(path, separator)
    return [separator.join(levels[: depth + 1]) for depth in range(len(levels))]


def whole_paths(found: Sequence[str], separator: str) -> list[str]:
    """Returns those members of a path column that are no beginning of another."""
    return [path for path in found if not any(other.startswith(path + separator) for other in found)]


def member_words(found: Iterable[str], column: FeatureColumn) -> str:
    """Returns the words of members for a search by text; each level of a path once."""
    if column.kind is Kind.HIERARCHY:
        found = dict.fromkeys(path.rsplit(column.levels, 1)[-1] for path in found)
    return " ".join(found)


def _listed(value: Any) -> list[Any] | None:
    """The elements of the text of a JSON list or of a PostgreSQL array; None for any other value."""
    text = value.strip() if isinstance(value, str) else ""
    if text.startswith("[") and text.endswith("]"):
        return _json_list(text)
    if text.startswith("{") and text.endswith("}"):
        return _array(text)
    return None


def _json_list(text: str) -> list[Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, list) and not any(isinstance(x, list | dict) for x in found) else None


def _array(text: str) -> list[Any] | None:
    """Elements of `{a,"b, c",NULL}`; None for what is an array in an array, or JSON."""
    body = text[1:-1]
    if "{" in body or '":' in body:
        return None
    if not body.strip():
        return []
    row = next(csv.reader([body], escapechar="\\", doublequote=False))
    return [None if part == "NULL" else part for part in row]
