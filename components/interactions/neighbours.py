"""Item-to-item neighbours: products that the same users buy."""

from __future__ import annotations

import numpy as np
from scipy import linalg, sparse

from components.interactions.events import ShopEvents
from schema import names


def user_product_matrix(
    events: ShopEvents, strength: np.ndarray, as_of: int, half_life_days: float
) -> sparse.csr_matrix:
    """Returns the log of each user's decayed event counts, `[users, products]`.

    Args:
        events: Events before `as_of`.
        strength: How much each counts `[events]`.
        as_of: Epoch seconds.
        half_life_days: Age at which an event counts half.
    """
    age = (as_of - events.time) / (half_life_days * names.SECONDS_PER_DAY)
    counts = user_product_sums(events, strength * np.exp2(-age))
    counts.data = np.log1p(counts.data * 4.0)
    return counts


def user_product_shares(events: ShopEvents, strength: np.ndarray) -> sparse.csr_matrix:
    """1 where the user bought the product, less where there are other events alone `[users, products]`."""
    shares = user_product_sums(events, strength.astype(np.float64))
    shares.data = np.minimum(shares.data, 1.0)
    return shares


def user_product_sums(events: ShopEvents, weights: np.ndarray) -> sparse.csr_matrix:
    """Sums of the weights of the events of each pair `[users, products]`."""
    num_users = int(events.user.max(initial=-1)) + 1
    shape = (max(num_users, 1), events.num_products)
    matrix = sparse.csr_matrix((weights, (events.user, events.product)), shape=shape)
    matrix.sum_duplicates()
    return matrix


def nearest_products(matrix: sparse.csr_matrix, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Finds the nearest other products by the cosine of their columns.

    The search is that of the library `implicit` (Deshpande and Karypis, "Item-based top-N
    recommendation algorithms", TOIS 2004).

    Args:
        matrix: `[users, products]`.
        count: Neighbours of each product.

    Returns:
        Indices int32 and cosines float32, `[products, count]`, best first; -1 and 0 pad.
    """
    from implicit.nearest_neighbours import CosineRecommender

    num_products = matrix.shape[1]
    indices = np.full((num_products, count), -1, np.int32)
    scores = np.zeros((num_products, count), np.float32)
    if matrix.nnz == 0:
        return indices, scores
    model = CosineRecommender(K=count + 1)
    model.fit(matrix, show_progress=False)
    return _padded_rows(model.similarity.tocoo(), indices, scores)


def _padded_rows(
    similarity: sparse.coo_matrix, indices: np.ndarray, scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Puts the best of each row first; a product is no neighbour of its own."""
    other = (similarity.row != similarity.col) & (similarity.data > 0)
    row, column, cosine = similarity.row[other], similarity.col[other], similarity.data[other]
    order = np.lexsort((column, -cosine, row))
    row, column, cosine = row[order], column[order], cosine[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    kept = rank < indices.shape[1]
    indices[row[kept], rank[kept]] = column[kept]
    scores[row[kept], rank[kept]] = cosine[kept]
    return indices, scores


def unit_rows(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Rows scaled to length 1; empty rows stay empty."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return (sparse.diags(scale.astype(np.float32)) @ matrix).tocsr()


def largest_of_rows(matrix: sparse.csr_matrix, count: int) -> sparse.csr_matrix:
    """Keeps the `count` largest entries of each row."""
    matrix = matrix.tocsr()
    order = np.lexsort((-matrix.data, np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))))
    rank = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], np.diff(matrix.indptr))
    kept = order[rank < count]
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))[kept]
    return sparse.csr_matrix((matrix.data[kept], (rows, matrix.indices[kept])), shape=matrix.shape)


def solve_ease(gram: np.ndarray, regularization: float) -> np.ndarray:
    """Item-to-item weights (Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019, eq. 8).

    Args:
        gram: Products of the columns of the matrix of users and products `[products, products]`.
        regularization: Added to the diagonal.

    Returns:
        `-P[i, j] / P[j, j]` with `P = (gram + regularization)^-1`, zeros on the diagonal.
    """
    if not len(gram):
        return gram
    gram = gram.copy()
    gram[np.diag_indices_from(gram)] += regularization
    inverse = linalg.inv(gram, overwrite_a=True, check_finite=False)
    weights: np.ndarray = -inverse / np.diag(inverse)[np.newaxis, :]
    np.fill_diagonal(weights, 0.0)
    return weights
