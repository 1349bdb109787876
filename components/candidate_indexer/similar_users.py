"""Users among whom alike ones are sought, and what they buy."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import sparse

from components.interactions.events import ShopEvents
from components.interactions.neighbours import largest_of_rows, unit_rows, user_product_sums
from components.recommender.candidates.similar_users import HALF_LIFE, SimilarUserTables

_MOST_PRODUCTS: Final = 300
"""Products of a user that are kept, by weight: the tables grow with the number of users alone."""


def similar_user_tables(
    events: ShopEvents, strength: np.ndarray, as_of: int, window: int, count: int
) -> SimilarUserTables:
    """The most active users of late, their profiles by product, and their purchases.

    A profile holds decayed counts of events of any type, each product weighted by how few users have it;
    purchases are decayed counts of what tells of purchases. Both have length 1 (`SimilarUsers`).

    Args:
        events: Events before `as_of`; a user's code is what queries name him by.
        strength: How much each counts `[events]`.
        as_of: Epoch seconds.
        window: Length of the eval window in seconds.
        count: Users that are kept at most.
    """
    recency = np.exp2(-(as_of - events.time) / (HALF_LIFE * window))
    profiles, purchases = _summed(events, recency), _summed(events, recency * strength)
    activity = np.asarray(profiles.sum(axis=1)).ravel()
    users = np.sort(np.argsort(-activity, kind="stable")[:count])
    users = users[activity[users] > 0]
    holders = np.asarray((profiles > 0).sum(axis=0)).ravel()
    rarity = np.log1p(np.count_nonzero(activity) / np.maximum(holders, 1))
    if not len(users):
        return _nobody(events.num_products)
    kept = largest_of_rows(profiles[users], _MOST_PRODUCTS)
    # Once for the profile of the user, and once for that of the query, which is not weighted any more.
    by_product = (unit_rows(kept @ sparse.diags(rarity)) @ sparse.diags(rarity)).tocsc()
    bought = unit_rows(largest_of_rows(purchases[users], _MOST_PRODUCTS))
    index, weight = _padded(bought)
    return SimilarUserTables(
        user=users.astype(np.int64),
        holder_start=by_product.indptr.astype(np.int32),
        holder=by_product.indices.astype(np.int32),
        holder_weight=by_product.data.astype(np.float32),
        bought_index=index,
        bought_weight=weight,
    )


def _nobody(num_products: int) -> SimilarUserTables:
    nothing = np.zeros(0, np.int32)
    return SimilarUserTables(
        user=nothing.astype(np.int64),
        holder_start=np.zeros(num_products + 1, np.int32),
        holder=nothing,
        holder_weight=nothing.astype(np.float32),
        bought_index=nothing.reshape(0, 1),
        bought_weight=nothing.reshape(0, 1).astype(np.float32),
    )


def _summed(events: ShopEvents, weights: np.ndarray) -> sparse.csr_matrix:
    """Without what counts nothing."""
    matrix = user_product_sums(events, weights)
    matrix.eliminate_zeros()
    return matrix


def _padded(matrix: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Columns int32 and values float32 of each row, -1 and 0 pad, at least one wide."""
    matrix.sort_indices()
    sizes = np.diff(matrix.indptr)
    shape = (matrix.shape[0], max(int(sizes.max(initial=0)), 1))
    index, values = np.full(shape, -1, np.int32), np.zeros(shape, np.float32)
    is_filled = np.arange(shape[1])[np.newaxis, :] < sizes[:, np.newaxis]
    index[is_filled], values[is_filled] = matrix.indices, matrix.data
    return index, values
