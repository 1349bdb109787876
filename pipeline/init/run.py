"""From the address of a database to the text of a `towerline.yaml`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pipeline.init.catalogue import Table
from pipeline.init.exploring import Explorer
from pipeline.init.known_shops import mapping_of, recognise, scalar
from pipeline.init.proposal import Choose, propose
from pipeline.init.select import Proposal, ProposedTable
from schema.source import mask_url
from schema.source.contract import EVENTS, PRODUCTS, USERS

_WIDTH: Final = 112
_LONGEST_CELL: Final = 28
_CHECK: Final = (
    "Check: is it the right table of events, the right time, and does every row count? Stamps that name no "
    "time zone are read as UTC; if they are local, add `timezone: Europe/Paris` (or yours) under `source`."
)
_HEADS: Final = {
    EVENTS: "Who did what, and when.",
    PRODUCTS: "What can be recommended, and what is known of it.",
    USERS: "What is known of the users, without what says who they are.",
}


@dataclass(frozen=True)
class Initialised:
    """What was found.

    Attributes:
        text: The YAML.
        shop: Title of the shop system, if it is a known one.
        proposal: What was proposed, if it is not.
        num_tables: Tables that were seen.
        unreadable: Tables that could not be read -> why.
    """

    text: str
    shop: str | None
    proposal: Proposal | None
    num_tables: int
    unreadable: Mapping[str, str] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """Returns what was found, for JSON."""
        tables: Mapping[str, Any] = self.proposal.tables if self.proposal else {}
        return {
            "shop": self.shop,
            "tables_seen": self.num_tables,
            "unreadable": dict(self.unreadable),
            "evidence": {name: table.evidence for name, table in tables.items()},
            "personal": {name: table.personal for name, table in tables.items()},
            "left_out": {name: table.left_out for name, table in tables.items()},
        }


def initialise(url: str, choose: Choose | None = None) -> Initialised:
    """Looks at a database or folder and writes its mapping.

    Args:
        url: As for `--source`.
        choose: Asks which table holds the events; by default nothing is asked.

    Raises:
        UserError: The database cannot be reached, or nothing in it fits.
    """
    explorer = Explorer(url)
    try:
        tables: Sequence[Table] = explorer.tables()
        masked = mask_url(url)
        shop = recognise(tables, explorer.dialect)
        if shop is not None:
            text = f"# {shop.title}, recognised by its tables.\n" + mapping_of(shop, masked, explorer)
            return Initialised(text, shop.title, None, len(tables), explorer.unreadable)
        proposal = propose(explorer, tables, choose)
        text = as_yaml(proposal, explorer.label, masked, explorer.unreadable)
        return Initialised(text, None, proposal, len(tables), explorer.unreadable)
    finally:
        explorer.close()


def as_yaml(proposal: Proposal, label: str, url: str, unreadable: Mapping[str, str] | None = None) -> str:
    """Returns the whole file.

    Args:
        proposal: What is proposed.
        label: What was looked at, for the first line.
        url: Address of the database; without a password.
        unreadable: Tables that could not be read -> why.
    """
    lines = [
        f"# Written by `towerline init` after a look at {label}.",
        *_comments([_CHECK]),
        *_comments([f"Not taken as events: {_pairs(proposal.others.items())}."] if proposal.others else []),
        *(f"# NOT READ: `{name}`." for name in unreadable or ()),
        "source:",
        f"  url: {scalar(url)}",
        "  tables:",
    ]
    for name, table in proposal.tables.items():
        lines += [f"    {name}:", *textwrap.indent("\n".join(_table(name, table)), " " * 6).splitlines()]
    return "\n".join(lines) + "\n"


def _table(name: str, table: ProposedTable) -> Iterable[str]:
    yield from _comments([_HEADS[name], *table.evidence])
    if table.personal:
        yield from _comments([f"Left out as personal: {', '.join(table.personal)}."])
    if table.left_out:
        yield from _comments([f"Left out: {_pairs(table.left_out.items())}."])
    yield "# First rows:"
    yield from _look(table.look)
    if table.has_guests:
        yield "guests: by mail hash  # or: drop, count for popularity only"
    if table.stamp_format is not None:
        yield f"format: {scalar(table.stamp_format)}"
    if table.select.is_plain():
        columns = table.select.plain_columns()
        renamed = {new: old for new, old in columns.items() if new != old}
        yield f"table: {scalar(table.select.table)}"
        if renamed:
            yield f"columns: {{{', '.join(f'{new}: {scalar(old)}' for new, old in renamed.items())}}}"
        yield f"only: [{', '.join(scalar(name) for name in columns)}]"
    else:
        yield "query: |"
        yield textwrap.indent(table.select.text(), "  ")


def _comments(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        wrapped = textwrap.wrap(text, _WIDTH - 8, break_long_words=False, break_on_hyphens=False)
        yield from (f"# {line}" for line in wrapped)


def _pairs(items: Iterable[tuple[str, str]]) -> str:
    """`a, b (why); c (why)`, with the same reason said once."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in items:
        by_reason.setdefault(reason, []).append(name)
    return "; ".join(f"{', '.join(names)} ({reason})" for reason, names in by_reason.items())


def _look(rows: Sequence[Sequence[Any]]) -> Iterable[str]:
    """The first rows as a small table; columns that do not fit the width are not shown."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(row[index]) for row in cells) for index in range(len(cells[0]))]
    shown, used = 0, 2
    while shown < len(widths) and used + widths[shown] + 2 <= _WIDTH:
        used += widths[shown] + 2
        shown += 1
    for row in cells:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row[:shown], widths, strict=False))
        yield f"#   {line.rstrip()}" + (" …" if shown < len(widths) else "")


def _cell(value: Any) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "…"
