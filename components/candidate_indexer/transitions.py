"""What follows what: a Markov chain with skips over each user's events."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from components.interactions.events import ShopEvents

_REACH = 10
_MAX_EVENTS = 1_000
_PRIOR = 3.0
"""Added to the sum of a row: one transition is no probability of 1."""


def transition_weights(events: ShopEvents, strength: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The products that most often follow each product within ten events of a user, nearer ones more.

    Shani, Heckerman and Brafman, "An MDP-based recommender system", JMLR 2005, section 4.2: a pair of
    events counts by one over their distance, and by how much the later one tells; rows are divided by their
    sums.

    Args:
        events: Events before the cutoff.
        strength: How much each counts `[events]`.
        count: Products kept for each product.

    Returns:
        Indices int32 and weights float32 `[products, count]`, largest first; -1 and 0 pad.
    """
    size = events.num_products
    indices = np.full((size, count), -1, np.int32)
    weights = np.zeros((size, count), np.float32)
    follows = _follows(events, strength)
    if not follows.nnz:
        return indices, weights
    follows.data = follows.data / np.repeat(
        np.asarray(follows.sum(axis=1)).ravel() + _PRIOR, np.diff(follows.indptr)
    )
    row = np.repeat(np.arange(size), np.diff(follows.indptr))
    order = np.lexsort((follows.indices, -follows.data, row))
    row, column, weight = row[order], follows.indices[order], follows.data[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    kept = (rank < count) & (weight > 0)
    indices[row[kept], rank[kept]] = column[kept]
    weights[row[kept], rank[kept]] = weight[kept]
    return indices, weights


def _follows(events: ShopEvents, strength: np.ndarray) -> sparse.csr_matrix:
    order = np.lexsort((events.time, events.user))
    user, product, weights = events.user[order], events.product[order], strength[order]
    recent = np.searchsorted(user, user, side="right") - np.arange(len(user)) <= _MAX_EVENTS
    user, product, weights = user[recent], product[recent], weights[recent]
    size = events.num_products
    rows, columns, data = [], [], []
    for distance in range(1, _REACH + 1):
        same = (user[distance:] == user[:-distance]) & (product[distance:] != product[:-distance])
        rows.append(product[:-distance][same])
        columns.append(product[distance:][same])
        data.append(weights[distance:][same] / np.float32(distance))
    matrix = sparse.csr_matrix(
        (np.concatenate(data), (np.concatenate(rows), np.concatenate(columns))), shape=(size, size)
    )
    matrix.sum_duplicates()
    return matrix
