"""Sparse matrices of the past, each built once and shared by the baselines that are tuned on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from scipy import sparse

from components.evaluation.baselines import Question
from components.evaluation.events import Past
from components.evaluation.lists import NOTHING

Made = TypeVar("Made")


class Matrices:
    """Builds what baselines need of a past, and remembers it.

    Args:
        seed: Of everything random that is built.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._past: dict[int, Past] = {}
        self._made: dict[tuple[Any, ...], Any] = {}

    def remember(self, past: Past, key: tuple[Any, ...], make: Callable[[], Made]) -> Made:
        """What `make` gives, once for each past and key."""
        self._past[id(past)] = past  # keeps the object, and so its id, alive
        full = (id(past), *key)
        if full not in self._made:
            self._made[full] = make()
        made: Made = self._made[full]
        return made

    def forget(self) -> None:
        """Frees everything."""
        self._past.clear()
        self._made.clear()

    def counts(self, past: Past, half_life: float | None) -> sparse.csr_matrix:
        """Counts of events, halved every `half_life` seconds, float32 `[users, products]`."""
        return self.remember(past, ("counts", half_life), lambda: decayed_counts(past, half_life))

    def binary(self, past: Past) -> sparse.csr_matrix:
        """1 where the user has bought the product, float32 `[users, products]`."""

        def make() -> sparse.csr_matrix:
            matrix = self.counts(past, None).copy()
            matrix.data = np.ones_like(matrix.data)
            return matrix

        return self.remember(past, ("binary",), make)


def decayed_counts(past: Past, half_life: float | None) -> sparse.csr_matrix:
    """Sums `2^(-age / half_life)` over the events of each user and product."""
    age = past.moment - past.times
    weights = np.ones(len(age)) if half_life is None else np.exp2(-age / half_life)
    shape = (max(past.num_users, 1), len(past.recommendable))
    matrix = sparse.csr_matrix((weights.astype(np.float32), (past.users, past.products)), shape=shape)
    matrix.sum_duplicates()
    return matrix


def rows_of_queries(matrix: sparse.csr_matrix, question: Question, start: int, end: int) -> sparse.csr_matrix:
    """The rows of the users asked for, empty for unknown users, `[end - start, products]`."""
    users = question.users[start:end]
    rows = matrix[np.maximum(users, 0)]
    known = sparse.diags((users != NOTHING).astype(np.float32))
    return (known @ rows).tocsr()


def unit_rows(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Rows scaled to length 1; empty rows stay empty."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return (sparse.diags(scale.astype(np.float32)) @ matrix).tocsr()


def largest_of_rows(matrix: sparse.csr_matrix, count: int) -> sparse.csr_matrix:
    """Keeps the `count` largest entries of each row."""
    matrix = matrix.tocsr()
    order = np.lexsort((-matrix.data, np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))))
    place = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], np.diff(matrix.indptr))
    kept = order[place < count]
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))[kept]
    return sparse.csr_matrix((matrix.data[kept], (rows, matrix.indices[kept])), shape=matrix.shape)
