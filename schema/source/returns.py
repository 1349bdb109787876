"""Returns and cancellations, taken off the purchases before them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.reading import Reading


@dataclass(frozen=True)
class Settled:
    """Events after their returns.

    Attributes:
        events: What is left, in the order of the table.
        num_returns: Rows that were returns.
        num_taken_back: Purchases that were returned whole.
        num_unmatched: Returns that had no purchase before them.
    """

    events: pa.Table
    num_returns: int = 0
    num_taken_back: int = 0
    num_unmatched: int = 0


def returns_of(events: pa.Table, reading: Reading) -> pa.Array:
    """Says for each event whether it is a return: by its type, or a purchase of a negative quantity."""
    kinds = events[names.EVENT_TYPE]
    by_type = pc.is_in(kinds, pa.array(reading.returned, pa.string()))
    bought = pc.is_in(kinds, pa.array(reading.bought, pa.string()))
    negative = pc.fill_null(pc.less(events[names.QUANTITY], 0), False)
    return pc.or_(by_type, pc.and_(bought, negative))


def settle(events: pa.Table, reading: Reading) -> Settled:
    """Takes returns off the newest purchases of the same user and product before them.

    Args:
        events: All events of some users.
        reading: What counts as a return, and what is done with it.
    """
    if reading.returns == "count" or not events.num_rows:
        return Settled(events)
    returns = returns_of(events, reading)
    flags = returns.to_numpy()
    num_returns = int(flags.sum())
    if not num_returns:
        return Settled(events)
    if reading.returns == "ignore":
        return Settled(events.filter(pc.invert(returns)), num_returns)
    left = _quantities(events)
    before = left > 0
    unmatched = sum(_net(rows, flags, left) for rows in _pairs(events, flags, reading))
    gone = before & (left <= 0) & ~flags
    kept = ~flags & ~gone
    changed = _reduced(events, left)
    return Settled(changed.filter(pa.array(kept)), num_returns, int(gone.sum()), unmatched)


def _quantities(events: pa.Table) -> np.ndarray:
    """How much of each event is left: 1 where no quantity, or none above 0, is given; returns as they are."""
    found = pc.fill_null(events[names.QUANTITY], np.float32("nan")).to_numpy().astype(np.float64)
    return np.where(np.isnan(found) | (found == 0), 1.0, found)


def _pairs(events: pa.Table, flags: np.ndarray, reading: Reading) -> Iterator[np.ndarray]:
    """Rows of purchases and returns of each user and product with a return; by time, returns last."""
    user, product = (_codes(events[name]) for name in (names.USER_ID, names.PRODUCT_ID))
    pair = user * (product.max(initial=0) + 1) + product
    bought = pc.is_in(events[names.EVENT_TYPE], pa.array(reading.bought, pa.string())).to_numpy()
    rows = np.flatnonzero(np.isin(pair, np.unique(pair[flags])) & (bought | flags))
    time = pc.fill_null(events[names.OCCURRED_AT], 0).to_numpy()[rows]
    rows = rows[np.lexsort((rows, flags[rows], time, pair[rows]))]
    yield from np.split(rows, np.flatnonzero(np.diff(pair[rows])) + 1)


def _net(rows: np.ndarray, flags: np.ndarray, left: np.ndarray) -> int:
    """Takes the returns of one user and product off `left`; gives the number without a purchase."""
    open_purchases: list[int] = []
    unmatched = 0
    for row in rows.tolist():
        if not flags[row]:
            open_purchases.append(row)
            continue
        if not open_purchases:
            unmatched += 1
        owed = abs(left[row])
        while owed > 0 and open_purchases:
            newest = open_purchases[-1]
            taken = min(owed, left[newest])
            left[newest] -= taken
            owed -= taken
            if left[newest] <= 0:
                open_purchases.pop()
    return unmatched


def _reduced(events: pa.Table, left: np.ndarray) -> pa.Table:
    quantity = events[names.QUANTITY]
    changed = pc.if_else(pc.is_valid(quantity), pa.array(left.astype(np.float32)), quantity)
    zero = pc.fill_null(pc.equal(quantity, 0), False)
    changed = pc.if_else(zero, quantity, changed)
    return events.set_column(events.column_names.index(names.QUANTITY), names.QUANTITY, changed)


def _codes(column: pa.ChunkedArray) -> np.ndarray:
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes: np.ndarray = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes
