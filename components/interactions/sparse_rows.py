"""Rows of sparse matrices of users and products."""

from __future__ import annotations

import numpy as np
from scipy import sparse


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
