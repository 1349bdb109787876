"""Interactions as arrays over the product vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from schema import names

_COLUMNS = [names.USER_ID, names.PRODUCT_ID, names.OCCURRED_AT, names.WEIGHT, names.EVENT_TYPE]
_PRIOR_PAIRS = 20.0


@dataclass(frozen=True)
class PositiveEvents:
    """Events that count as targets.

    Attributes:
        user: Code of the user, int32 `[events]`; users are in one run each.
        product: Index in the product vocabulary, int32 `[events]`.
        time: Epoch seconds, int64 `[events]`; ascending within a user.
        num_products: Size of the catalogue.
    """

    user: np.ndarray
    product: np.ndarray
    time: np.ndarray
    num_products: int

    def before(self, moment: int) -> PositiveEvents:
        """The events strictly before a moment."""
        kept = self.time < moment
        return PositiveEvents(self.user[kept], self.product[kept], self.time[kept], self.num_products)


@dataclass(frozen=True)
class ShopEvents(PositiveEvents):
    """Events of every type, those that are no targets too.

    Attributes:
        is_target: Whether the event counts as a target, bool `[events]`.
        kind: Code of the event type, int32 `[events]`.
    """

    is_target: np.ndarray
    kind: np.ndarray

    @property
    def positive(self) -> PositiveEvents:
        """Those that count as targets."""
        kept = self.is_target
        return PositiveEvents(self.user[kept], self.product[kept], self.time[kept], self.num_products)

    def before(self, moment: int) -> ShopEvents:
        """The events strictly before a moment."""
        kept = self.time < moment
        return ShopEvents(
            self.user[kept],
            self.product[kept],
            self.time[kept],
            self.num_products,
            self.is_target[kept],
            self.kind[kept],
        )

    def strengths(self) -> np.ndarray:
        """How much each event tells of what a user will buy: 1 for a target, float32 `[events]`.

        An event of another type counts by the share of its pairs of user and product that had a target at
        the same time or later, smoothed as if twenty pairs more had had none.
        """
        strength = self.is_target.astype(np.float32)
        pair = self.user.astype(np.int64) * self.num_products + self.product
        targets, last = _last_times(pair[self.is_target], self.time[self.is_target])
        for kind in np.unique(self.kind[~self.is_target]):
            chosen = (self.kind == kind) & ~self.is_target
            seen, first = _last_times(pair[chosen], -self.time[chosen])
            row = np.minimum(np.searchsorted(targets, seen), max(len(targets) - 1, 0))
            converted = (
                (targets[row] == seen) & (last[row] >= -first) if len(targets) else np.zeros(len(seen))
            )
            strength[chosen] = converted.sum() / (len(seen) + _PRIOR_PAIRS)
        return strength


def _last_times(pairs: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct pairs, ascending, and the greatest time of each."""
    order = np.lexsort((times, pairs))
    last = np.append(pairs[order][1:] != pairs[order][:-1], True) if len(order) else np.zeros(0, bool)
    return pairs[order][last], times[order][last]


def read_shop_events(directory: str, product_ids: list[str]) -> ShopEvents:
    """Reads an Interactions artifact.

    Args:
        directory: Folder of the Parquet parts.
        product_ids: The product vocabulary, in the order of its indices.
    """
    table = ds.dataset(directory, format="parquet").to_table(columns=_COLUMNS)
    vocabulary = pa.array(product_ids, pa.string())
    product = pc.index_in(table[names.PRODUCT_ID].cast(pa.string()), vocabulary).fill_null(-1).to_numpy()
    known = product >= 0
    return ShopEvents(
        user=_codes(table[names.USER_ID])[known],
        product=product[known].astype(np.int32),
        time=table[names.OCCURRED_AT].to_numpy()[known].astype(np.int64),
        num_products=len(product_ids),
        is_target=table[names.WEIGHT].to_numpy()[known] > 0,
        kind=_codes(table[names.EVENT_TYPE])[known],
    )


def _codes(column: pa.ChunkedArray) -> np.ndarray:
    coded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    coded = coded if isinstance(coded, pa.DictionaryArray) else coded.combine_chunks()
    codes: np.ndarray = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return codes


def repeat_rate(events: PositiveEvents) -> float:
    """Share of the events that repeat a product which the same user had bought at an earlier moment."""
    if not len(events.user):
        return 0.0
    order = np.lexsort((events.time, events.product, events.user))
    user, product, time = events.user[order], events.product[order], events.time[order]
    new_pair = np.concatenate([[True], (user[1:] != user[:-1]) | (product[1:] != product[:-1])])
    first_time = time[new_pair][np.cumsum(new_pair) - 1]
    return float((time > first_time).mean())
