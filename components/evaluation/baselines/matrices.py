"""Sparse matrices of the past, each built once and shared by the baselines that are tuned on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from scipy import sparse

from components.evaluation.baselines.base import EvaluationSet
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

    def counts(self, past: Past, half_life: float | None, other: float = 0.0) -> sparse.csr_matrix:
        """Counts of events, halved every `half_life` seconds, float32 `[users, products]`.

        Args:
            past: The events.
            half_life: In seconds; None counts all alike.
            other: What an event counts that is no target, such as a view.
        """
        key = ("counts", half_life, other)
        return self.remember(past, key, lambda: decayed_counts(past, half_life, other))

    def binary(self, past: Past, other: float = 0.0) -> sparse.csr_matrix:
        """1 where the user bought the product (or, if others count, saw it), float32 `[users, products]`."""

        def make() -> sparse.csr_matrix:
            matrix = self.counts(past, None, other).copy()
            matrix.data = np.ones_like(matrix.data)
            return matrix

        return self.remember(past, ("binary", other), make)


def decayed_counts(past: Past, half_life: float | None, other: float = 0.0) -> sparse.csr_matrix:
    """Sums `2^(-age / half_life)` over the events of each user and product; others count `other` times."""
    users, products, times = past.users, past.products, past.times
    factor = np.ones(len(times))
    if other and past.others is not None:
        rest = past.others
        users = np.concatenate([users, rest.user])
        products = np.concatenate([products, rest.product])
        times = np.concatenate([times, rest.time])
        factor = np.concatenate([factor, np.full(len(rest.time), other)])
    age = past.cutoff - times
    weights = factor if half_life is None else factor * np.exp2(-age / half_life)
    shape = (max(past.num_users, 1), len(past.recommendable))
    matrix = sparse.csr_matrix((weights.astype(np.float32), (users, products)), shape=shape)
    matrix.sum_duplicates()
    return matrix


def rows_of_queries(
    matrix: sparse.csr_matrix, eval_set: EvaluationSet, start: int, end: int
) -> sparse.csr_matrix:
    """The rows of the users asked for, empty for unknown users, `[end - start, products]`."""
    users = eval_set.users[start:end]
    rows = matrix[np.maximum(users, 0)]
    known = sparse.diags((users != NOTHING).astype(np.float32))
    return (known @ rows).tocsr()
