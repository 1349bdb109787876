"""Users, products and targets for both evaluations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from components.evaluation.lists import FloatArray, IntArray

_TASTE = 0.35


@dataclass(frozen=True)
class Embedded:
    """What both evaluate.

    Attributes:
        users: Unit vectors, float32 `[users, dim]`.
        products: Unit vectors, float32 `[products, dim]`.
        rows: User of each target, ascending `[pairs]`.
        targets: Product of each target, distinct within a user `[pairs]`.
    """

    users: Any
    products: Any
    rows: IntArray
    targets: IntArray


def embed(num_users: int, num_products: int, dim: int, num_targets: int, seed: int) -> Embedded:
    """Draws products, targets, and users who are near to their targets, so that some are found."""
    random = np.random.default_rng(seed)
    products = _unit(random.standard_normal((num_products, dim)))
    most = min(2 * num_targets - 1, num_products)
    counts = random.integers(1, most + 1, num_users)
    bought = [random.choice(num_products, count, replace=False) for count in counts]
    tastes = np.stack([products[codes[:4]].sum(axis=0) for codes in bought])
    users = _unit(_TASTE * tastes + random.standard_normal((num_users, dim)) / np.sqrt(dim))
    rows = np.repeat(np.arange(num_users), counts)
    return Embedded(users, products, rows, np.concatenate(bought))


def _unit(vectors: FloatArray) -> Any:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
