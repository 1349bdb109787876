"""Embedding tables carried over from one vocabulary to another, row by row of the same value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from schema import names
from schema.features import FeatureColumn, Kind

Unseen = Literal["initial", "zero", "unknown"]


@dataclass(frozen=True)
class TableRows:
    """What the rows of an embedding table stand for.

    Attributes:
        vocabulary: Name of the vocabulary in the transform graph.
        head: Rows before those of the vocabulary, such as the one of unknown users.
        tail: Hashed rows after them.
        unseen: What a value gets that the other vocabulary lacks: `initial`, its value at the start of
            training; `zero`, nothing beside what else represents it; `unknown`, the table's row 0.
    """

    vocabulary: str
    head: int = 0
    tail: int = 0
    unseen: Unseen = "initial"


def rows_of_column(name: str, column: FeatureColumn) -> TableRows | None:
    """The rows of the table of a feature column; None where they mean the same in every run."""
    if column.kind is Kind.CATEGORY or column.has_members:
        return TableRows(name, head=names.FIRST_CATEGORY)
    if column.kind is Kind.TEXT:
        return TableRows(name, tail=names.NUM_HASHED_WORDS)
    return None


class Vocabularies:
    """Two transform graphs, the one that trained weights were made with and that of now.

    Args:
        before: A `tft.TFTransformOutput`.
        now: Likewise.
    """

    def __init__(self, before: Any, now: Any) -> None:
        self._before, self._now = before, now
        self._known: dict[str, tuple[list[bytes], list[bytes]]] = {}

    def carry(self, rows: TableRows, trained: np.ndarray, initial: np.ndarray) -> np.ndarray:
        """The trained table in the order of the vocabulary of now.

        Args:
            rows: What the rows stand for.
            trained: `[rows before, dim]`.
            initial: As it would begin without them `[rows, dim]`.
        """
        before, now = self._pair(rows.vocabulary)
        row = {value: rows.head + index for index, value in enumerate(before)}
        source = np.full(len(initial), -1)
        head = np.arange(min(rows.head, len(initial)))
        source[head] = head
        values = np.array([row.get(value, -1) for value in now], np.int64)
        last = min(len(initial), rows.head + len(now))
        source[rows.head : last] = values[: last - rows.head]
        tail = source[rows.head + len(now) : rows.head + len(now) + rows.tail]
        tail[:] = rows.head + len(before) + np.arange(len(tail))
        source = np.where(source < len(trained), source, -1)
        carried = initial.copy()
        carried[source >= 0] = trained[source[source >= 0]]
        if rows.unseen != "initial":
            carried[source < 0] = trained[0] if rows.unseen == "unknown" else 0.0
        return carried

    def num_new(self, vocabulary: str) -> tuple[int, int]:
        """Values of now that the other vocabulary lacks, and all of now."""
        before, now = self._pair(vocabulary)
        return len(set(now) - set(before)), len(now)

    def _pair(self, name: str) -> tuple[list[bytes], list[bytes]]:
        if name not in self._known:
            before, now = (list(graph.vocabulary_by_name(name)) for graph in (self._before, self._now))
            self._known[name] = before, now
        return self._known[name]


Tables = Mapping[str, TableRows]
"""Path of a table within its model -> its rows."""
