"""Tables of rows that were read."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.source.values import flat


def joined(batches: Sequence[pa.RecordBatch], columns: Sequence[str]) -> pa.Table:
    """Returns batches as one table; without any, an empty one with these columns."""
    if not batches:
        return pa.table({name: pa.array([], pa.string()) for name in columns})
    tables = [pa.Table.from_batches([batch]) for batch in batches]
    return pa.concat_tables(tables, promote_options="permissive").combine_chunks()


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
