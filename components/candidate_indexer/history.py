"""Interactions as arrays over the product vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from schema import names

_COLUMNS = [names.USER_ID, names.PRODUCT_ID, names.OCCURRED_AT, names.WEIGHT]


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


def read_positive_events(directory: str, product_ids: list[str]) -> PositiveEvents:
    """Reads an Interactions artifact.

    Args:
        directory: Folder of the Parquet parts.
        product_ids: The product vocabulary, in the order of its indices.
    """
    table = ds.dataset(directory, format="parquet").to_table(
        columns=_COLUMNS, filter=pc.field(names.WEIGHT) > 0
    )
    vocabulary = pa.array(product_ids, pa.string())
    product = pc.index_in(table[names.PRODUCT_ID].cast(pa.string()), vocabulary).fill_null(-1).to_numpy()
    user = table[names.USER_ID].cast(pa.string()).combine_chunks().dictionary_encode()
    user_codes = (user if isinstance(user, pa.DictionaryArray) else user.combine_chunks()).indices.to_numpy()
    time = table[names.OCCURRED_AT].to_numpy()
    known = product >= 0
    return PositiveEvents(
        user=user_codes[known].astype(np.int32),
        product=product[known].astype(np.int32),
        time=time[known].astype(np.int64),
        num_products=len(product_ids),
    )


def repeat_rate(events: PositiveEvents) -> float:
    """Share of the events that repeat a product which the same user had bought at an earlier moment."""
    if not len(events.user):
        return 0.0
    order = np.lexsort((events.time, events.product, events.user))
    user, product, time = events.user[order], events.product[order], events.time[order]
    new_pair = np.concatenate([[True], (user[1:] != user[:-1]) | (product[1:] != product[:-1])])
    first_time = time[new_pair][np.cumsum(new_pair) - 1]
    return float((time > first_time).mean())
