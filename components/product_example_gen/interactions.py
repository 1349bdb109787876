"""The Interactions artifact: all events, normalised, in the order of users and time."""

from __future__ import annotations

import os

import pyarrow as pa
import pyarrow.parquet as pq
from tfx.dsl.io import fileio

from components.product_example_gen.event_log import EventLog
from schema import names

SCHEMA = pa.schema(
    [
        (names.USER_ID, pa.string()),
        (names.PRODUCT_ID, pa.string()),
        (names.OCCURRED_AT, pa.int64()),
        (names.EVENT_TYPE, pa.string()),
        (names.WEIGHT, pa.float32()),
        (names.QUANTITY, pa.float32()),
        (names.PRICE, pa.float32()),
        (names.RATING, pa.float32()),
        (names.BASKET_ID, pa.string()),
    ]
)
"""Columns of every part; quantity, price, rating and basket_id may be null."""

SUMMARY_FILE = "_summary.json"
"""File beside the parts: `num_events`, `num_rows` of each split, and `orphans`, the ids of products that
events name and the table of products lacks (none if that table is empty)."""


def write_interactions(log: EventLog, uri: str, shard: int) -> None:
    """Writes the events of one range of users as a part of its own, whole or not at all."""
    path = os.path.join(uri, f"part-{shard:05d}.parquet")
    unfinished = os.path.join(uri, f".part-{shard:05d}.unfinished")
    buffer = pa.BufferOutputStream()
    pq.write_table(log.table.select(SCHEMA.names).cast(SCHEMA), buffer)
    with fileio.open(unfinished, "wb") as file:
        file.write(buffer.getvalue().to_pybytes())
    fileio.rename(unfinished, path, overwrite=True)
