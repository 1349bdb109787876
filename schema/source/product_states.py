"""Which products a shop has and which of them may be sold, read again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.source.cells import values
from schema.source.relations import Relation
from schema.source.row_tables import joined
from schema.source.tables import Tables

_WHOLE_SECONDS: Final = 30.0
"""The whole table is compared now and then, whatever its mark says."""


@dataclass(frozen=True)
class States:
    """The products of a moment.

    Attributes:
        product_ids: Their ids in canonical form, null where a row has none `[rows]`.
        available: Whether each may be sold; a missing flag says nothing against it `[rows]`.
    """

    product_ids: pa.Array
    available: pa.Array


class ProductStates:
    """Reads the states of the products, as cheaply as the database allows.

    Where the table has `updated_at`, the rows are counted by their availability, with the newest stamp of
    each; in a folder, sizes and times of files tell. The rows are read where that has changed, and otherwise
    compared with those of the last time. Each look is one statement, and a second one where there is news.

    Args:
        tables: The open database or folder.
        relation: The products.
        clock: Seconds, of any origin.
    """

    def __init__(
        self, tables: Tables, relation: Relation, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tables, self._relation, self._clock = tables, relation, clock
        known = [name for name, _ in relation.columns]
        self._columns = [name for name in (names.PRODUCT_ID, names.AVAILABLE) if name in known]
        self._rows: pa.Table | None = None
        self._mark: Any = None
        self._compared = 0.0
        self._states: States | None = None

    def changed(self) -> States | None:
        """Returns the states if anything has changed since the last call, and always the first time.

        The same object again means that something else of the rows has changed.

        Raises:
            UserError: The products cannot be read, or a flag is neither 0 nor 1.
        """
        mark, now = self._tables.mark(self._relation), self._clock()
        is_marked = mark is not None and mark == self._mark
        if is_marked and self._rows is not None and now - self._compared < _WHOLE_SECONDS:
            return None
        rows = joined(list(self._tables.read(self._relation, self._columns)), self._columns)
        # The mark is older than the rows: what changes in between is seen the next time.
        is_same = self._rows is not None and rows.equals(self._rows)
        is_news = mark != self._mark or not is_same
        if not is_same:
            self._states = self._read(rows)
        self._rows, self._mark, self._compared = rows, mark, now
        return self._states if is_news else None

    def _read(self, rows: pa.Table) -> States:
        product_ids = values.texts(values.flat(rows[names.PRODUCT_ID]))
        if names.AVAILABLE not in rows.column_names:
            return States(product_ids, pa.array([True] * rows.num_rows, pa.bool_()))
        source = self._relation.known_as(names.AVAILABLE)
        flags = values.flags(values.flat(rows[names.AVAILABLE]), self._relation.name, source)
        return States(product_ids, pc.fill_null(pc.greater(flags, 0), True))
