"""HTML by small functions; every text is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from pipeline.inspection.view import Table


def section(anchor: str, title: str, *parts: str) -> str:
    """A titled part of the page."""
    return f'<section id="{anchor}"><h2>{escape(title)}</h2>{"".join(parts)}</section>'


def paragraph(text: str, css: str = "") -> str:
    """A paragraph of plain text."""
    return f'<p class="{css}">{escape(text)}</p>' if css else f"<p>{escape(text)}</p>"


def items(texts: Iterable[str]) -> str:
    """A list of plain texts."""
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"


def verdicts(points: Iterable[tuple[bool, str, str]]) -> str:
    """A list of what passed or failed: verdict, name, finding."""
    rows = "".join(
        f'<li><b class="{"good" if passed else "bad"}">{"passed" if passed else "FAILED"}</b> '
        f"<code>{escape(name)}</code> {escape(finding)}</li>"
        for passed, name, finding in points
    )
    return f'<ul class="verdicts">{rows}</ul>'


def grid(
    head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = (), caption: str = ""
) -> str:
    """A table that scrolls by itself where the screen is narrow."""
    heads = "".join(
        f'<th scope="col"{_side(number, right)}>{escape(name)}</th>' for number, name in enumerate(head)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{_side(number, right)}>{escape(cell)}</td>" for number, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    titled = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="{escape(caption or "Table")}">'
        f"<table>{titled}"
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def shown(table: Table) -> str:
    """A table of a view."""
    if table.head and table.rows:
        return grid(table.head, table.rows, table.right, table.title)
    text = "\n".join("  ".join(row) for row in table.rows)
    return f"<h3>{escape(table.title)}</h3>" + (plain(text, table.title) if text else "")


def plain(text: str, title: str) -> str:
    """Text as it stands, which scrolls by itself where the screen is narrow."""
    return f'<pre tabindex="0" role="group" aria-label="{escape(title)}">{escape(text)}</pre>'


def folded(summary: str, *parts: str, anchor: str = "") -> str:
    """What opens on a click."""
    named = f' id="{anchor}"' if anchor else ""
    return f"<details{named}><summary>{escape(summary)}</summary>{''.join(parts)}</details>"


def definitions(values: dict[str, Any]) -> str:
    """Names and values."""
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>"
        for name, value in values.items()
        if value is not None
    )
    return f"<dl>{rows}</dl>"


def _side(number: int, right: Sequence[int]) -> str:
    return ' class="figure"' if number in right else ""
