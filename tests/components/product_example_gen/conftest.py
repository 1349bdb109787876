"""A small table of events, and its queries as plain Python."""

from __future__ import annotations

import pyarrow as pa
import pytest

from schema import names


def _table(rows):
    """Rows are (user, product, stamp[, basket[, type]])."""
    full = [(*row, *(None, "purchase")[len(row) - 3 :]) for row in rows]
    columns = list(zip(*full, strict=True)) or [()] * 5
    return pa.table(
        {
            names.USER_ID: pa.array(columns[0], pa.string()),
            names.PRODUCT_ID: pa.array(columns[1], pa.string()),
            names.OCCURRED_AT: pa.array(columns[2], pa.int64()),
            names.EVENT_TYPE: pa.array(columns[4], pa.string()),
            names.QUANTITY: pa.nulls(len(full), pa.float32()),
            names.PRICE: pa.nulls(len(full), pa.float32()),
            names.RATING: pa.nulls(len(full), pa.float32()),
            names.BASKET_ID: pa.array(columns[3], pa.string()),
        }
    )


@pytest.fixture
def make_log():
    """`make_log(rows, **weights)` -> EventLog; `purchase` weighs 1 unless given."""
    from components.product_example_gen.event_log import EventLog

    return lambda rows, **weights: EventLog.from_table(_table(rows), {"purchase": 1.0} | weights)


@pytest.fixture
def rows_of():
    """`rows_of(log, queries)` -> list of dicts, as training will see them."""
    from components.product_example_gen.queries import query_batches

    def rows(log, queries):
        found = [row for batch in query_batches(log, queries, {}) for row in batch.to_pylist()]
        return [{name: _plain(name, value) for name, value in row.items()} for row in found]

    return rows


def _plain(name, value):
    value = [item.decode() if isinstance(item, bytes) else item for item in value]
    many = name.startswith("history") or name in (names.TARGET_PRODUCT_ID, names.TARGET_WEIGHT)
    return value if many else value[0]
