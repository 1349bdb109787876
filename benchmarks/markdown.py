"""Markdown tables whose columns are aligned, so that a terminal shows them as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

NOTHING: Final = "–"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a table with aligned columns."""
    cells = [list(head), *map(list, rows)]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(head))]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def number(value: float | None) -> str:
    """Four decimals, without the leading zero; a dash for None."""
    if value is None:
        return NOTHING
    text = f"{value:.4f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def signed(value: float) -> str:
    """As `number`, with its sign."""
    return ("+" if value >= 0 else "") + number(value)
