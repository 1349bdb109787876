"""Ids that two tables spell in two ways, such as `00042` and `42`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Set
from typing import Final

from schema.findings import Finding

_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:[,.' ][0-9]{3})+")
_FRACTION: Final = re.compile(r"([0-9]+)[.,]0+")
_FEW: Final = 3
_NEARLY_ALL: Final = 0.8


def loose(name: str) -> str:
    """Returns what is left of an id without case, leading zeros, marks of groups and quotation marks."""
    text = name
    if not text.isascii():
        kept = (sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")
        text = "".join(kept)
    text = text.casefold().strip().strip("'\"`#")
    if found := _FRACTION.fullmatch(text):
        text = found[1]
    elif _GROUPED.fullmatch(text):
        text = re.sub(r"[^0-9]", "", text)
    return text.lstrip("0") or text[-1:]


def spelling_findings(
    table: str, column: str, used: Set[str], table_ids: Set[str], others: str
) -> Iterator[Finding]:
    """Yields a finding if ids of the events are in a table, but spelled otherwise.

    Args:
        table: The table with a row for each id, for messages.
        column: Its column.
        used: Ids of the events.
        table_ids: Ids of the table.
        others: Name of the table of events.
    """
    unlisted = used - table_ids
    if not unlisted or not table_ids:
        return
    known: dict[str, str] = {}
    for name in sorted(table_ids):
        known.setdefault(loose(name), name)
    pairs = [(name, known[key]) for name in sorted(unlisted) if (key := loose(name)) in known]
    if not pairs:
        return
    never_meet = len(unlisted) == len(used) and len(pairs) >= max(_FEW, _NEARLY_ALL * len(used))
    yield Finding(
        kind="ids spelled in two ways",
        table=table,
        column=column,
        count=len(pairs),
        example=f"{pairs[0][0]!r} in `{others}` beside {pairs[0][1]!r}",
        action="refused: the tables never meet" if never_meet else "read as different ids",
        remedy="spell them alike in both tables, such as with `source.tables.events.query`",
        severity="error" if never_meet else "warning",
    )
