"""Tells columns of sets and of paths by their values; the rules stand in `docs/data.md`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from schema.features import FeatureColumn, Kind
from schema.values.members import beginnings, cell_parts, levels_of

LIST_SEPARATORS: Final = ("|", ";", ",")
"""Between values of a set, or between paths; the first that fits is taken."""
_LEVELS: Final = (">", "»", "::", "/")
_LEVELS_OF_NAMED: Final = frozenset("/")
"""Marks that also stand in other texts: between levels only in columns that are called like paths."""
_PATH_NAMES: Final = re.compile(
    "breadcrumbs?|categor(y|ies)|departments?|hierarchy|paths?|permalink|section|taxons?|taxonomy|tree"
)
_SET_NAMES: Final = re.compile(
    "(allergen|attribute|collection|colou?r|diet|feature|flag|genre|ingredient|keyword|label|language|material"
    "|option|season|size|style|subject|tag|theme|topic)s|categories"
)
_CLEAR: Final = "|;"
"""Separators that, under the name of a set, need no further evidence."""
_MOSTLY: Final = 0.95
_RECURRING: Final = 0.9
_RECURRING_OF_NAMED: Final = 0.5
_SHARE_OF_SETS: Final = 0.2
_SHARE_OF_PATHS: Final = 0.5
_SHARE_OF_NAMED_PATHS: Final = 0.8
_MIN_COMBINATIONS: Final = 8
_MOST_WORDS: Final = 3
_ALL_DIFFERENT: Final = 0.95
_ENOUGH_TO_TELL: Final = 20


class Found(NamedTuple):
    """A column whose cells have members, and why."""

    column: FeatureColumn
    reason: str


def tell_members(name: str, values: Sequence[str]) -> Found | None:
    """Returns what a column of text is if its cells are lists, paths or separated values; None otherwise.

    Args:
        name: Of the column; some names say what the values alone do not.
        values: Those of a sample that are not missing.
    """
    lists = [cell_parts(value) for value in values if is_list(value)]
    if lists and len(lists) >= _MOSTLY * len(values):
        path = _path(name, [part for parts in lists for part in parts])
        if path is not None:
            return Found(_hierarchy(name, path, ","), f"lists of paths, levels between `{path.strip()}`")
        return Found(FeatureColumn(name=name, kind=Kind.SET), "lists")
    levels = _path(name, values)
    if levels is not None:
        return _found_path(name, values, levels)
    separator = _separator(name, values)
    if separator is None:
        return None
    distinct = len({part for value in set(values) for part in cell_parts(value, separator)})
    column = FeatureColumn(name=name, kind=Kind.SET, separator=separator)
    return Found(column, f"{distinct} different values between `{separator}`")


def as_set(name: str, values: Sequence[str], separator: str | None) -> FeatureColumn:
    """Returns a column that the user calls a set, with the separator that they name or that is seen."""
    if separator is None:
        seen = [mark for mark in LIST_SEPARATORS if any(mark in text for text in values if not is_list(text))]
        separator = seen[0] if seen else ""
    return FeatureColumn(name=name, kind=Kind.SET, separator=separator)


def as_hierarchy(
    name: str, values: Sequence[str], levels: str | None, separator: str | None
) -> FeatureColumn | None:
    """Returns a column that the user calls a path; None if no separator of levels is named or seen.

    Args:
        name: Of the column.
        values: Those that are not missing.
        levels: What stands between levels, if the user says so.
        separator: What stands between paths likewise.
    """
    cells = [part for value in values for part in cell_parts(value)]
    if levels is None:
        counts = {mark: sum(mark in part for part in cells) for mark in _LEVELS}
        mark = max(counts, key=counts.__getitem__)
        if not counts[mark]:
            return None
        levels = _spaced(cells, mark)
    if separator is None:
        separator = "," if any(is_list(value) for value in values) else _between_paths(values, levels)
    return _hierarchy(name, levels, separator)


def separators(column: FeatureColumn) -> str:
    """Returns how the cells of a set or path are cut, for the end of a sentence; "" for other columns."""
    if not column.has_members:
        return ""
    between = f", several between `{column.separator}`" if column.separator else ""
    if column.kind is Kind.HIERARCHY:
        return f", levels between `{column.levels.strip()}`{between}"
    return between.replace("several", "values") or ", lists or single values"


def is_list(text: str) -> bool:
    """Whether a text is a JSON list or a PostgreSQL array."""
    return text.strip()[:1] in ("[", "{") and cell_parts(text) != [text.strip()]


def _found_path(name: str, values: Sequence[str], levels: str) -> Found:
    separator = _between_paths(values, levels)
    depth = max(len(levels_of(part, levels)) for value in values for part in cell_parts(value, separator))
    reason = f"paths of up to {depth} levels between `{levels.strip()}`"
    if separator:
        reason += f", several between `{separator}`"
    return Found(_hierarchy(name, levels, separator), reason)


def _hierarchy(name: str, levels: str, separator: str) -> FeatureColumn:
    return FeatureColumn(name=name, kind=Kind.HIERARCHY, levels=levels, separator=separator)


def _path(name: str, values: Sequence[str]) -> str | None:
    """What stands between the levels of paths, with the blanks around it; None if these are no paths.

    Enough of the values have the mark; paths recur, and so do their first levels: half as many as paths.
    """
    is_named = _is_named(name, _PATH_NAMES)
    distinct = set(values)
    if not values or (len(distinct) >= _ALL_DIFFERENT * len(values) and len(distinct) > _ENOUGH_TO_TELL):
        return None
    for mark in _LEVELS:
        if mark in _LEVELS_OF_NAMED and not is_named:
            continue
        with_mark = sum(mark in value for value in values) / len(values)
        if with_mark < (_SHARE_OF_NAMED_PATHS if mark in _LEVELS_OF_NAMED else _SHARE_OF_PATHS):
            continue
        paths = [path for path in (levels_of(value, mark) for value in distinct) if path]
        if len({path[0] for path in paths}) * 2 <= len(paths):
            return _spaced(values, mark)
    return None


def _spaced(values: Sequence[str], mark: str) -> str:
    """A mark with the blanks that most often stand around it."""
    forms = Counter(f" {mark} " if f" {mark} " in value else mark for value in values if mark in value)
    return forms.most_common(1)[0][0]


def _between_paths(values: Sequence[str], levels: str) -> str:
    """What stands between several paths of a cell, "" if there is one: every part is a path of its own.

    A part is a path if it has a level of its own, or is the beginning of another cell's path.
    """
    mark = levels.strip()
    for separator in LIST_SEPARATORS:
        several = [value for value in set(values) if separator in value]
        known = {
            path for value in set(values) if separator not in value for path in beginnings(value, levels)
        }
        parts = [part for value in several for part in cell_parts(value, separator)]
        fitting = sum(mark in part or part in known for part in parts)
        if len(several) >= 2 and fitting >= _RECURRING * len(parts):
            return separator
    return ""


def _separator(name: str, values: Sequence[str]) -> str | None:
    """What stands between the values of sets; None if these are none: short values that recur."""
    is_named = _is_named(name, _SET_NAMES)
    distinct = sorted(set(values))
    for separator in LIST_SEPARATORS:
        split = [cell_parts(value, separator) for value in distinct]
        several = sum(len(parts) > 1 for parts in split)
        if not several or (not is_named and several < _MIN_COMBINATIONS):
            continue
        if not is_named and sum(separator in value for value in values) < _SHARE_OF_SETS * len(values):
            continue
        counts = Counter(part for parts in split for part in set(parts))
        total = sum(counts.values())
        recurring = sum(count for count in counts.values() if count > 1)
        words = sum(len(part.split()) for parts in split for part in parts) / max(total, 1)
        least = _RECURRING_OF_NAMED if is_named else _RECURRING
        is_clear = is_named and separator in _CLEAR
        if is_clear or (recurring >= least * total and words <= _MOST_WORDS):
            return separator
    return None


def _is_named(name: str, words: re.Pattern[str]) -> bool:
    """Whether a word of the name of a column is one of some."""
    apart = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
    return any(words.fullmatch(word) for word in re.split(r"[^a-z]+", apart))
