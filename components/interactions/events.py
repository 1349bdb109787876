"""Interactions as arrays over the product vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.interactions.files import read_guest_sales, read_interactions
from schema import names

_COLUMNS = [names.USER_ID, names.PRODUCT_ID, names.OCCURRED_AT, names.WEIGHT, names.EVENT_TYPE]
_CODED = [names.USER_ID, names.PRODUCT_ID, names.EVENT_TYPE]
_PRIOR_PAIRS = 20.0


@dataclass(frozen=True)
class Events:
    """Events on products of the catalogue.

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

    def before(self, cutoff: int) -> Events:
        """The events strictly before a cutoff."""
        kept = self.time < cutoff
        return Events(self.user[kept], self.product[kept], self.time[kept], self.num_products)

    def first_times(self, otherwise: int) -> np.ndarray:
        """Time of the first event of each product, `otherwise` without any; int64 `[products]`."""
        none = np.iinfo(np.int64).max
        first = np.full(self.num_products, none)
        np.minimum.at(first, self.product, self.time)
        return np.where(first == none, otherwise, first)


@dataclass(frozen=True)
class ShopEvents(Events):
    """Events of every type, those that are no targets too.

    Attributes:
        is_target: Whether the event counts as a target, bool `[events]`.
        kind: Code of the event type, int32 `[events]`.
        user_ids: The users by their codes.
    """

    is_target: np.ndarray
    kind: np.ndarray
    user_ids: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))

    @property
    def positive(self) -> Events:
        """Those that count as targets."""
        return self._part(self.is_target)

    @property
    def others(self) -> Events:
        """Those that do not, such as views."""
        return self._part(~self.is_target)

    def _part(self, kept: np.ndarray) -> Events:
        return Events(self.user[kept], self.product[kept], self.time[kept], self.num_products)

    def with_users_of(self, vocabulary: pa.Array) -> ShopEvents:
        """The same events, the code of each user being the position in a vocabulary; others follow it."""
        position = encode(self.user_ids, vocabulary)
        unknown = position < 0
        position[unknown] = len(vocabulary) + np.arange(unknown.sum())
        others = self.user_ids.filter(pa.array(unknown))
        return replace(
            self,
            user=position[self.user].astype(np.int32),
            user_ids=pa.concat_arrays([vocabulary, others.cast(vocabulary.type)]),
        )

    def before(self, cutoff: int) -> ShopEvents:
        """The events strictly before a cutoff."""
        kept = self.time < cutoff
        return ShopEvents(
            self.user[kept],
            self.product[kept],
            self.time[kept],
            self.num_products,
            self.is_target[kept],
            self.kind[kept],
            self.user_ids,
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


def read_shop_events(directory: str | Path, product_ids: Sequence[str] | pa.Array) -> ShopEvents:
    """Reads an Interactions artifact; events on products outside the catalogue are left out.

    Args:
        directory: Folder of the Parquet parts.
        product_ids: The product vocabulary, in the order of its indices.
    """
    table = read_interactions(directory, _COLUMNS, coded=_CODED)
    users, products, kinds = (_dictionary(table[name]) for name in _CODED)
    index = np.append(encode(products.dictionary, product_ids), -1)[_codes(products)].astype(np.int32)
    known = index >= 0
    return ShopEvents(
        user=_codes(users)[known],
        product=index[known],
        time=table[names.OCCURRED_AT].to_numpy()[known].astype(np.int64),
        num_products=len(product_ids),
        is_target=table[names.WEIGHT].to_numpy()[known] > 0,
        kind=_codes(kinds)[known],
        user_ids=users.dictionary,
    )


def read_guests(directory: str | Path, product_ids: Sequence[str] | pa.Array) -> Events:
    """Reads the sales to guests who count for popularity only; all have the user 0.

    Args:
        directory: Folder of the Parquet parts.
        product_ids: The product vocabulary, in the order of its indices.
    """
    table = read_guest_sales(directory)
    product = encode(table[names.PRODUCT_ID], product_ids).astype(np.int32)
    time = table[names.OCCURRED_AT].to_numpy()[product >= 0].astype(np.int64)
    return Events(np.zeros(len(time), np.int32), product[product >= 0], time, len(product_ids))


def encode(
    ids: pa.Array | pa.ChunkedArray | Sequence[str], vocabulary: pa.Array | Sequence[str]
) -> np.ndarray:
    """Positions of `ids` in `vocabulary`, int64, -1 where it lacks them."""
    texts = ids if isinstance(ids, pa.Array | pa.ChunkedArray) else pa.array(ids, pa.string())
    known = vocabulary if isinstance(vocabulary, pa.Array) else pa.array(vocabulary, pa.string())
    found = pc.index_in(texts.cast(known.type), value_set=known)
    return np.asarray(pc.fill_null(found, -1).to_numpy(), np.int64)


def _dictionary(column: pa.ChunkedArray) -> pa.DictionaryArray:
    return column.chunk(0) if column.num_chunks else pa.array([], column.type)


def _codes(column: pa.DictionaryArray) -> np.ndarray:
    codes: np.ndarray = column.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return codes


def repeat_rate(events: Events) -> float:
    """Share of the events that repeat a product which the same user had bought at an earlier time."""
    if not len(events.user):
        return 0.0
    order = np.lexsort((events.time, events.product, events.user))
    user, product, time = events.user[order], events.product[order], events.time[order]
    new_pair = np.concatenate([[True], (user[1:] != user[:-1]) | (product[1:] != product[:-1])])
    first_time = time[new_pair][np.cumsum(new_pair) - 1]
    return float((time > first_time).mean())
