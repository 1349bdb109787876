"""The files of an Interactions artifact."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

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

GUESTS = "guests"
"""Beginning of the names of the parts with the sales to guests who count for popularity only."""

GUEST_SCHEMA = pa.schema([(names.PRODUCT_ID, pa.string()), (names.OCCURRED_AT, pa.int64())])
"""Columns of these parts: nobody is told apart in them."""

SUMMARY_FILE = "_summary.json"
"""File beside the parts: `num_events`, `num_rows` of each split, and `orphans`, the ids of products that
events name and the table of products lacks (none if that table is empty)."""


def part_files(directory: str | Path) -> list[Path]:
    """The parts, in the order of ranges of users."""
    return sorted(Path(directory).glob("part-*.parquet"))


def read_guest_sales(directory: str | Path) -> pa.Table:
    """Reads product and time of what guests bought; no rows where they are users, or left out."""
    parts = sorted(Path(directory).glob(f"{GUESTS}-*.parquet"))
    return pa.concat_tables([GUEST_SCHEMA.empty_table(), *(pq.read_table(part) for part in parts)])


def read_interactions(
    directory: str | Path,
    columns: Sequence[str] | None = None,
    where: pc.Expression | None = None,
    coded: Sequence[str] = (),
) -> pa.Table:
    """Reads the events, in the order of users and time.

    Args:
        directory: Folder of the parts.
        columns: Columns that are read; all if None.
        where: Events that are read; all if None.
        coded: Columns that are read as one chunk of codes and their dictionary.

    Raises:
        ValueError: There are no parts.
    """
    parts = part_files(directory)
    if not parts:
        raise ValueError(
            "An Interactions artifact holds files `part-*.parquet`. "
            f"Received: directory={str(directory)!r} without any. Remedy: run ProductExampleGen again."
        )
    tables = [pq.read_table(part, columns=columns, filters=where, read_dictionary=coded) for part in parts]
    table = pa.concat_tables(tables)
    return table.unify_dictionaries().combine_chunks() if coded else table
