"""Item-to-item weights of EASE, cut to the largest of each product."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from components.interactions.ease import solve_ease

_MAX_REGULARIZATION = 1000.0


def ease_weights(matrix: sparse.csr_matrix, num_products: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Solves EASE for the most bought products (Steck, "Embarrassingly shallow autoencoders", WWW 2019).

    Half the number of users, at most
    1,000, is the regularisation; a user counts once for a product.

    Args:
        matrix: X: 1 where a user bought, less where he did something less `[users, products]`.
        num_products: Most bought products that take part; the cost grows with its third power.
        count: Weights kept for each product of the history, the largest by size.

    Returns:
        Indices int32 and weights float32 `[products, count]`, largest first; -1 and 0 pad. Row i holds the
        products that a purchase of i speaks for or against.
    """
    indices = np.full((matrix.shape[1], count), -1, np.int32)
    scores = np.zeros((matrix.shape[1], count), np.float32)
    buyers = np.asarray((matrix > 0).sum(axis=0)).ravel()
    head = np.flatnonzero(buyers >= 2)
    head = np.sort(head[np.argsort(-buyers[head], kind="stable")[:num_products]])
    if len(head) < 2:
        return indices, scores
    shares = matrix[:, head].astype(np.float32)
    gram = (shares.T @ shares).toarray()
    weights = solve_ease(gram, min(_MAX_REGULARIZATION, max(matrix.shape[0] / 2, 1.0)))
    kept = min(count, len(head) - 1)
    largest = np.argpartition(-np.abs(weights), kept - 1, axis=1)[:, :kept]
    values = np.take_along_axis(weights, largest, axis=1)
    order = np.argsort(-np.abs(values), axis=1, kind="stable")
    indices[head, :kept] = head[np.take_along_axis(largest, order, axis=1)]
    scores[head, :kept] = np.take_along_axis(values, order, axis=1)
    return indices, scores
