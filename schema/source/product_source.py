"""The product database as the rest of Towerline sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.source import contract, values
from schema.source.contract import EVENTS, PRODUCTS, USERS, UserRange
from schema.source.events_table import normalise_events
from schema.source.relations import Relation, missing_table, unmapped, with_columns
from schema.source.stamp_forms import to_utc
from schema.source.stamps import epoch_seconds
from schema.source.tables import Tables
from schema.source_settings import SourceSettings, TableMapping


class ProductSource:
    """Reads the three tables in the contract's names and types.

    Ids are strings, stamps are epoch seconds in UTC. Feature and context columns are int64, float64,
    string or lists of float32, whatever the database or driver calls them.

    Args:
        tables: The open database or folder.
        settings: How its tables map onto the contract.
    """

    def __init__(self, tables: Tables, settings: SourceSettings) -> None:
        self._tables = tables
        self.place = tables.place
        """What messages call the database; without a password."""
        self._relations: dict[str, Relation] = {}
        existing = tables.names()
        for table in contract.TABLES:
            mapping = settings.tables.get(table, TableMapping())
            relation = unmapped(settings, table, tables.dialect)
            if relation.query is None and not _exists(relation.name, existing):
                if table == USERS and mapping.table is None:
                    continue
                raise missing_table(relation, tables.place, existing)
            self._relations[table] = with_columns(relation, mapping, tables.columns(relation))

    def columns(self, table: str) -> list[str]:
        """Returns the columns of `users`, `products` or `events` by the contract's names; [] if absent."""
        relation = self._relations.get(table)
        return [] if relation is None else [name for name, _ in relation.columns]

    def name_of(self, table: str, column: str | None = None) -> str:
        """Returns how the user's database calls a table, or one of its columns, for messages."""
        relation = self._relations.get(table, Relation(table, table))
        return relation.name if column is None else relation.known_as(column)

    def read_table(self, table: str) -> pa.Table:
        """Reads all of `users` or `products`.

        Returns:
            Contract columns by their names: ids string, `available` int64 (0/1), `created_at` int64
            (epoch seconds); features int64, float64, string or list of float32. No rows and no
            columns if `users` is absent.
        """
        relation = self._relations.get(table)
        if relation is None:
            return pa.table({})
        columns = self.columns(table)
        batches = list(self._tables.read(relation, columns))
        return self._native(table, _joined(batches, columns))

    def partitions(self, count: int) -> list[UserRange]:
        """Cuts the users of the events into at most `count` ranges with about as many events each."""
        return self._tables.ranges(self._relations[EVENTS], max(1, count))

    def read_events(self, user_range: UserRange | None = None) -> pa.Table:
        """Reads events, of all users or of a range.

        Returns:
            `user_id`, `product_id` string; `occurred_at` int64; `event_type` string (`purchase` where
            the table has none); `quantity`, `price`, `rating` float32; `basket_id` string; then the
            context columns. Rows of a user are in the table's order.
        """
        relation = self._relations[EVENTS]
        columns = self.columns(EVENTS)
        if user_range is None:
            tables = list(self.event_batches()) or [self._events(_joined([], columns))]
            return pa.concat_tables(tables, promote_options="permissive").combine_chunks()
        return self._events(_joined(list(self._tables.read_range(relation, user_range)), columns))

    def event_batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Reads all events in the table's order, a bounded number of rows at a time.

        Args:
            columns: Columns to read, by the contract's names; all by default.
        """
        first_row = 1
        chosen = self.columns(EVENTS) if columns is None else list(columns)
        for batch in self._tables.read(self._relations[EVENTS], chosen):
            if columns is None:
                yield self._events(pa.Table.from_batches([batch]), first_row)
            else:
                yield pa.Table.from_batches([batch])
            first_row += batch.num_rows

    def user_events(
        self, user_ids: Sequence[str], limit: int, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Reads the newest `limit` events of each of these users, oldest first within a user.

        Args:
            user_ids: The users.
            limit: Most events of a user.
            columns: Columns to read beside user and stamp, by the contract's names; all by default. The
                others are null.
        """
        needed = {names.USER_ID, names.OCCURRED_AT, *(self.columns(EVENTS) if columns is None else columns)}
        chosen = [name for name in self.columns(EVENTS) if name in needed]
        batches = list(self._tables.read_keys(self._relations[EVENTS], list(user_ids), chosen))
        events = _only(self._events(_joined(batches, chosen)), names.USER_ID, user_ids)
        keys = [(names.USER_ID, "ascending"), (names.OCCURRED_AT, "ascending")]
        row = pa.array(range(events.num_rows), pa.int64())
        rows = pa.table({**{key: events[key] for key, _ in keys}, "row": row})
        events = events.take(pc.sort_indices(rows, [*keys, ("row", "ascending")]))
        return _newest(events, limit)

    def user_rows(self, user_ids: Sequence[str]) -> pa.Table:
        """Reads the rows of `users` of these ids, in the types of `read_table`."""
        return self._rows_of(USERS, user_ids)

    def product_rows(self, product_ids: Sequence[str]) -> pa.Table:
        """Reads the rows of `products` of these ids, in the types of `read_table`."""
        return self._rows_of(PRODUCTS, product_ids)

    def newest_event_time(self) -> int:
        """Returns the stamp of the newest event, 0 if there is none."""
        newest, first_row = 0, 1
        table, column = self.name_of(EVENTS), self.name_of(EVENTS, names.OCCURRED_AT)
        for batch in self._tables.read_newest(self._relations[EVENTS]):
            written = to_utc(batch.column(0), self._relations[EVENTS].stamps)
            stamps = epoch_seconds(written, table, column, first_row)
            newest = max(newest, pc.max(stamps).as_py() or 0)
            first_row += batch.num_rows
        return newest

    def close(self) -> None:
        """Gives back connections."""
        self._tables.close()

    def __enter__(self) -> Self:
        """Returns the source itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self.close()

    def _rows_of(self, table: str, ids: Sequence[str]) -> pa.Table:
        relation = self._relations.get(table)
        if relation is None:
            return pa.table({})
        columns = self.columns(table)
        batches = list(self._tables.read_keys(relation, list(ids), columns))
        return _only(self._native(table, _joined(batches, columns)), contract.KEYS[table], ids)

    def _events(self, table: pa.Table, first_row: int = 1) -> pa.Table:
        return normalise_events(table, self._relations[EVENTS], first_row)

    def _native(self, table: str, raw: pa.Table) -> pa.Table:
        arrays = {}
        name = self.name_of(table)
        relation = self._relations[table]
        untyped = self._tables.untyped(relation)
        for column in raw.column_names:
            array = values.flat(raw[column])
            if column == contract.KEYS[table]:
                arrays[column] = values.texts(array)
            elif table == PRODUCTS and column == names.AVAILABLE:
                arrays[column] = values.flags(array, name, self.name_of(table, column))
            elif table == PRODUCTS and column == names.CREATED_AT:
                stamps = to_utc(array, relation.stamps)
                arrays[column] = epoch_seconds(stamps, name, self.name_of(table, column))
            else:
                arrays[column] = values.native(values.typed(array) if untyped else array)
        return pa.table(arrays)


def _exists(name: str, existing: Sequence[str]) -> bool:
    return name in existing or "." in name


def _joined(batches: Sequence[pa.RecordBatch], columns: Sequence[str]) -> pa.Table:
    if not batches:
        return pa.table({name: pa.array([], pa.string()) for name in columns})
    tables = [pa.Table.from_batches([batch]) for batch in batches]
    return pa.concat_tables(tables, promote_options="permissive").combine_chunks()


def _only(table: pa.Table, column: str, wanted: Sequence[str]) -> pa.Table:
    return table.filter(pc.is_in(table[column], pa.array(list(wanted), pa.string())))


def _newest(events: pa.Table, limit: int) -> pa.Table:
    """Keeps the last `limit` rows of each user; rows of a user are together."""
    if events.num_rows <= limit:
        return events
    ids = values.flat(events[names.USER_ID]).dictionary_encode().indices.to_numpy(zero_copy_only=False)
    import numpy as np

    ends = np.append(np.flatnonzero(np.diff(ids)) + 1, len(ids))
    behind = np.repeat(ends, np.diff(np.append(0, ends))) - np.arange(len(ids))
    return events.filter(pa.array(behind <= limit))
