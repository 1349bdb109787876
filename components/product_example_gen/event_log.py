"""The events of one range of users, sorted, with every lookup vectorised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.product_example_gen.ragged import FloatArray, IntArray
from schema import names


@dataclass(frozen=True)
class EventLog:
    """Events sorted by user id (by bytes), stamp, and row of the table.

    Attributes:
        table: The sorted events, with the column `weight`.
        users: The distinct user ids, in byte order.
        user: Index into `users`, `[events]`.
        time: Epoch seconds, `[events]`.
        product: Code of the product, equal for equal products, `[events]`.
        basket: Code of the basket, -1 where there is none, `[events]`.
        weight: Weight of the event as a target, `[events]`.
    """

    table: pa.Table
    users: pa.Array
    user: IntArray
    time: IntArray
    product: IntArray
    basket: IntArray
    weight: FloatArray

    @classmethod
    def from_table(cls, events: pa.Table, weights: Mapping[str, float]) -> EventLog:
        """Sorts `events`; rows of a user with equal stamps stay in the order of the table.

        Args:
            events: Events as `ProductSource.read_events` returns them.
            weights: Event type -> weight; a type that is not listed weighs 0.
        """
        users, user = _ranked_codes(events[names.USER_ID])
        time = events[names.OCCURRED_AT].to_numpy()
        order = np.lexsort((time, user))
        table = events.take(pa.array(order))
        if names.WEIGHT in table.column_names:  # a context column of that name
            table = table.drop_columns(names.WEIGHT)
        kinds, kind = _codes(table[names.EVENT_TYPE])
        of_kind = np.array([weights.get(name, 0.0) for name in kinds.to_pylist()], np.float32)
        weight = of_kind[kind] if len(kind) else np.zeros(0, np.float32)
        return cls(
            table=table.append_column(names.WEIGHT, pa.array(weight)).combine_chunks(),
            users=users,
            user=user[order],
            time=time[order],
            product=_codes(table[names.PRODUCT_ID])[1],
            basket=_codes(table[names.BASKET_ID])[1],
            weight=weight,
        )

    def __len__(self) -> int:
        return len(self.time)

    def column(self, name: str) -> pa.Array:
        """Returns a text column of the sorted events as bytes, in one piece."""
        return self.table[name].combine_chunks().cast(pa.binary())

    def first_at_or_after(self, user: IntArray, time: IntArray) -> IntArray:
        """Returns the index of the first event of `user[i]` at or after `time[i]`.

        Where there is none, it is the end of the user's events.
        """
        if not len(self):
            return np.zeros(len(user), np.int64)
        oldest = self.time.min()
        span = self.time.max() - oldest + 2
        keys = self.user * span + (self.time - oldest)
        found: IntArray = np.searchsorted(keys, user * span + np.clip(time - oldest, 0, span - 1))
        return found

    def first_of(self, user: IntArray) -> IntArray:
        """Returns the index of the first event of `user[i]`."""
        first: IntArray = np.searchsorted(self.user, user)
        return first


def _codes(column: pa.ChunkedArray) -> tuple[pa.Array, IntArray]:
    """Distinct values, and for each row the index of its value (-1 where it is null)."""
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return encoded.dictionary, codes.astype(np.int64)


def _ranked_codes(column: pa.ChunkedArray) -> tuple[pa.Array, IntArray]:
    """Like `_codes`, with the distinct values in byte order."""
    values, codes = _codes(column)
    order = pc.sort_indices(values.cast(pa.binary())).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return values.take(pa.array(order)), rank[codes]
