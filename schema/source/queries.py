"""The text of a configured query: its variables, its dialect, and how it ends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from schema.errors import UserError

DIALECTS: Final = ("sqlite", "postgresql", "mysql", "files")
"""What a query may be written for; `files` are folders of Parquet and CSV."""

_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_PIECE: Final = re.compile(
    r"""
    (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    | (?P<comment>--[^\n]*|/\*.*?\*/)
    | (?P<end>[;\s]+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def fill_in(text: str, variables: Mapping[str, str | int], key: str) -> str:
    """Puts the values of `${name}` into a query or the name of a table.

    Args:
        text: With `${name}` where a variable stands.
        variables: Name -> value, as it is to stand in the SQL.
        key: Configuration key of the text, for messages.

    Raises:
        UserError: A variable is not configured.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name not in variables:
            known = ", ".join(f"`{known}`" for known in variables) or "none"
            raise UserError(
                f"Configuration key `{key}` uses the variable `${{{name}}}`. Received: variables {known}. "
                f"Remedy: set `source.variables.{name}`."
            )
        return str(variables[name])

    return _VARIABLE.sub(value, text)


def query_for(query: str | Mapping[Any, str] | None, dialect: str, key: str) -> str | None:
    """Returns the query for a kind of database, where several are configured.

    Raises:
        UserError: None is written for this kind.
    """
    if query is None or isinstance(query, str):
        return query
    if dialect not in query:
        raise UserError(
            f"Configuration key `{key}` has no query for `{dialect}`. Received: queries for "
            f"{', '.join(f'`{name}`' for name in query)}. Remedy: add `{key}.{dialect}`."
        )
    return query[dialect]


def without_end(query: str) -> str:
    """Returns a query without the semicolons, blanks and comments that stand behind it.

    What is left may stand in brackets, as long as the bracket begins a new line.
    """
    end = 0
    for piece in _PIECE.finditer(query):
        if piece["text"] or piece["other"]:
            end = piece.end()
    return query[:end].lstrip()
