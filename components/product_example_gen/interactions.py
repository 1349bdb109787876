"""The Interactions artifact: all events, normalised, in the order of users and time."""

from __future__ import annotations

import os

import pyarrow as pa
import pyarrow.parquet as pq
from tfx.dsl.io import fileio

from components.interactions.files import SCHEMA
from components.product_example_gen.event_log import EventLog


def write_interactions(log: EventLog, uri: str, shard: int) -> None:
    """Writes the events of one range of users as a part of its own, whole or not at all."""
    path = os.path.join(uri, f"part-{shard:05d}.parquet")
    unfinished = os.path.join(uri, f".part-{shard:05d}.unfinished")
    buffer = pa.BufferOutputStream()
    pq.write_table(log.table.select(SCHEMA.names).cast(SCHEMA), buffer)
    with fileio.open(unfinished, "wb") as file:
        file.write(buffer.getvalue().to_pybytes())
    fileio.rename(unfinished, path, overwrite=True)
