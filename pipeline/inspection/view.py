"""What an answer consists of: data for `--json`, and tables for people."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_LONGEST_CELL = 72


@dataclass(frozen=True)
class Table:
    """A titled table; without a head, lines of text.

    Attributes:
        title: Said above it.
        head: Names of the columns.
        rows: Cells as text.
        right: Columns that hold numbers.
    """

    title: str
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    right: tuple[int, ...] = ()


@dataclass(frozen=True)
class View:
    """An answer.

    Attributes:
        data: Strict JSON.
        tables: The same for people.
    """

    data: dict[str, Any]
    tables: tuple[Table, ...] = field(default=())

    def text(self) -> str:
        """For a terminal."""
        from pipeline.runs.tables import render

        parts = []
        for table in self.tables:
            body = "\n".join("  ".join(row) for row in table.rows)
            body = render(table.head, table.rows, table.right) if table.head and table.rows else body
            parts.append("\n".join(part for part in (table.title, body) if part))
        return "\n\n".join(parts)


def strict(value: Any) -> Any:
    """The same without NaN, infinity, bytes and times, which JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): strict(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(inner) for inner in value]
    return value if value is None or isinstance(value, (str, int)) else str(value)


def lines(title: str, texts: Iterable[str]) -> Table:
    """A table without a head."""
    return Table(title, rows=tuple((text,) for text in texts))


def facts(title: str, values: Mapping[str, object]) -> Table:
    """One line for each name that has a value."""
    known = {name: cell(value) for name, value in values.items() if value not in (None, "", {}, [])}
    width = max(map(len, known), default=0)
    return lines(title, (f"{name:<{width}}  {value}" for name, value in known.items()))


def cell(value: object) -> str:
    """A value in one line of bounded length."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e6 else f"{value:,.0f}"
    if isinstance(value, Mapping):
        value = [
            f"{name} {inner:,}" if isinstance(inner, int) else f"{name} {inner}"
            for name, inner in value.items()
        ]
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = ", ".join(cell(item) for item in value)
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "…"


def interval(value: Any, sign: str = "-") -> str:
    """A mean with its interval."""
    if not isinstance(value, Mapping) or value.get("mean") is None:
        return "–"
    known = [f"{value[end]:{sign}.4f}" for end in ("mean", "low", "high") if value.get(end) is not None]
    return known[0] if len(known) < 3 else f"{known[0]} [{known[1]}, {known[2]}]"


def when(seconds: float | None) -> str:
    """Epoch seconds as UTC."""
    if not seconds:
        return "–"
    stamp = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return stamp.strftime("%Y-%m-%d %H:%M:%S")


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
