"""The files of an Interactions artifact."""

from __future__ import annotations

import pyarrow as pa

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
