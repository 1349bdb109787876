"""What happened between a user and each candidate in the window, beyond its weight as a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from components.interactions.events import encode
from components.interactions.files import read_interactions
from schema import names

_COLUMNS = [
    names.USER_ID,
    names.PRODUCT_ID,
    names.OCCURRED_AT,
    names.EVENT_TYPE,
    names.QUANTITY,
    names.RATING,
]


@dataclass(frozen=True)
class Outcomes:
    """The events of one window, one entry for each pair of a user and a product, sorted by `keys`.

    Attributes:
        user_codes: User -> code.
        num_products: Size of the catalogue.
        keys: `code * num_products + product` of each pair, int64 `[pairs]`.
        happened: Whether the pair had an event of each type, float32 `[pairs, event types]`.
        quantity: Sum of the known quantities, NaN if none is known `[pairs]`.
        rating: Mean of the known ratings, NaN if none is known `[pairs]`.
    """

    user_codes: dict[str, int]
    num_products: int
    keys: np.ndarray
    happened: np.ndarray
    quantity: np.ndarray
    rating: np.ndarray

    def of(self, user_ids: np.ndarray, index: np.ndarray) -> dict[str, np.ndarray]:
        """Looks candidates up.

        Args:
            user_ids: Users as bytes `[queries]`.
            index: Candidates `[queries, candidates]`.

        Returns:
            `label_events` float32 `[queries, candidates, event types]`, and `label_quantity` and
            `label_rating` `[queries, candidates]`, NaN where unknown.
        """
        codes = np.array([self.user_codes.get(user.decode(), -1) for user in user_ids], np.int64)
        pair_keys = codes[:, None] * self.num_products + index
        row = np.searchsorted(self.keys, pair_keys)
        keys = np.append(self.keys, -1)  # a pair without events looks at the end
        row = np.where((keys[row] == pair_keys) & (codes[:, None] >= 0), row, len(self.keys))
        nothing = np.zeros((1, self.happened.shape[1]), np.float32)
        return {
            names.LABEL_EVENTS: np.concatenate([self.happened, nothing])[row],
            names.LABEL_QUANTITY: np.append(self.quantity, np.float32(np.nan))[row],
            names.LABEL_RATING: np.append(self.rating, np.float32(np.nan))[row],
        }


def read_outcomes(
    directory: str, product_ids: Sequence[str], event_types: Sequence[str], start: int, end: int
) -> Outcomes:
    """Reads the events of a window from the Interactions artifact.

    Args:
        directory: Folder of the Parquet parts.
        product_ids: The product vocabulary, in the order of its indices.
        event_types: The known types; events of others count for quantity and rating only.
        start: First second of the window.
        end: First second after it.
    """
    time = pc.field(names.OCCURRED_AT)
    table = read_interactions(directory, _COLUMNS, (time >= start) & (time < end))
    users = pc.unique(table[names.USER_ID]).to_pylist()
    product = encode(table[names.PRODUCT_ID], product_ids)
    known = product >= 0
    pair = (encode(table[names.USER_ID], users) * len(product_ids) + product)[known]
    keys, row = np.unique(pair, return_inverse=True)
    happened = np.zeros((len(keys), len(event_types) + 1), np.float32)
    kind = encode(table[names.EVENT_TYPE], event_types)[known]
    happened[row, kind] = 1.0  # -1, another type: the last column
    quantity, rating = (
        table[name].to_numpy().astype(np.float64)[known] for name in (names.QUANTITY, names.RATING)
    )
    totals, counts = _sums(row, quantity, len(keys))
    ratings, num_ratings = _sums(row, rating, len(keys))
    return Outcomes(
        user_codes={user: code for code, user in enumerate(users)},
        num_products=len(product_ids),
        keys=keys,
        happened=happened[:, :-1],
        quantity=np.where(counts > 0, totals, np.nan).astype(np.float32),
        rating=np.where(num_ratings > 0, ratings / np.maximum(num_ratings, 1), np.nan).astype(np.float32),
    )


def _sums(row: np.ndarray, values: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Sum and number of the values of each row that are known."""
    known = np.isfinite(values)
    return (
        np.bincount(row[known], values[known], size),
        np.bincount(row[known], minlength=size),
    )
