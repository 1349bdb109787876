"""Tables of rows that were read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.errors import UserError
from schema.source.cells.values import flat


def joined(batches: Sequence[pa.RecordBatch], columns: Sequence[str]) -> pa.Table:
    """Returns batches as one table; without any, an empty one with these columns.

    A database without fixed types may give a column other types in another batch: numbers beside texts come
    as texts, and a batch without rows says nothing.
    """
    filled = [batch for batch in batches if batch.num_rows] or list(batches[:1])
    if not filled:
        return pa.table({name: pa.array([], pa.string()) for name in columns})
    tables = [pa.Table.from_batches([batch]) for batch in filled]
    try:
        return pa.concat_tables(tables, promote_options="permissive").combine_chunks()
    except pa.ArrowTypeError:
        as_texts = (
            pa.table({name: _text_if_mixed(tables, name, table) for name in columns}) for table in tables
        )
        return pa.concat_tables(as_texts, promote_options="permissive").combine_chunks()


def _text_if_mixed(tables: Sequence[pa.Table], name: str, table: pa.Table) -> pa.ChunkedArray:
    types = {one[name].type for one in tables} - {pa.null()}
    is_mixed = any(map(pa.types.is_string, types)) and len(types) > 1
    return table[name].cast(pa.string()) if is_mixed else table[name]


def only(table: pa.Table, column: str, wanted: Collection[str]) -> pa.Table:
    """Returns the rows whose id is wanted."""
    return table.filter(pc.is_in(table[column], pa.array(sorted(wanted), pa.string())))


def newest_of_each(events: pa.Table, limit: int) -> pa.Table:
    """Keeps the last `limit` rows of each user; rows of a user are together."""
    if events.num_rows <= limit:
        return events
    ids = flat(events[names.USER_ID]).dictionary_encode().indices.to_numpy(zero_copy_only=False)
    ends = np.append(np.flatnonzero(np.diff(ids)) + 1, len(ids))
    behind = np.repeat(ends, np.diff(np.append(0, ends))) - np.arange(len(ids))
    return events.filter(pa.array(behind <= limit))


def oldest_first(events: pa.Table) -> pa.Table:
    """Returns events by user and stamp; those of one stamp stay in their order."""
    keys = [(names.USER_ID, "ascending"), (names.OCCURRED_AT, "ascending")]
    row = pa.array(range(events.num_rows), pa.int64())
    rows = pa.table({**{key: events[key] for key, _ in keys}, "row": row})
    return events.take(pc.sort_indices(rows, [*keys, ("row", "ascending")]))


@contextmanager
def file_named(position: str) -> Iterator[None]:
    """Errors of the user name the file that is being read, if there is one."""
    try:
        yield
    except UserError as error:
        raise (UserError(f"{error} File: {position}.") if position else error) from error
