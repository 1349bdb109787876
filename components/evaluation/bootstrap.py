"""Percentile bootstrap over users: how much a mean would move with other users of the same kind."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass
from typing import TypeVar

import numpy as np

from components.evaluation.lists import FloatArray

NUM_RESAMPLES = 1000
LEVEL = 0.95
_MAX_DRAWS_AT_ONCE = 4_000_000

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True)
class Interval:
    """A mean and its confidence interval."""

    mean: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float]:
        """For JSON."""
        return asdict(self)


def intervals(values: Mapping[Name, FloatArray], seed: int) -> dict[Name, Interval]:
    """95 % intervals of the means of several per-user values; all share their resamples.

    For a paired difference pass the differences: resampling users keeps the pairs together.

    Args:
        values: Name -> `[users]`, all of one length above zero and without NaN.
        seed: Equal seeds draw equal resamples.
    """
    if not values:
        return {}
    matrix = np.column_stack(list(values.values()))
    if not len(matrix):
        raise ValueError(
            "A bootstrap needs at least one user. Received: 0 values. Remedy: leave the empty group out."
        )
    if np.isnan(matrix).any():
        raise ValueError(
            "A bootstrap needs a value for every user. Received: NaN. Remedy: leave such users out."
        )
    means = _resampled_means(matrix, seed)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(means, [tail, 1 - tail], axis=0)
    centre = matrix.mean(axis=0)
    return {
        name: Interval(float(centre[index]), float(low[index]), float(high[index]))
        for index, name in enumerate(values)
    }


def _resampled_means(matrix: FloatArray, seed: int) -> FloatArray:
    """Means of `NUM_RESAMPLES` draws of users with replacement, `[resamples, columns]`."""
    random = np.random.default_rng(seed)
    num_users = len(matrix)
    at_once = max(1, _MAX_DRAWS_AT_ONCE // num_users)
    means = []
    for start in range(0, NUM_RESAMPLES, at_once):
        count = min(at_once, NUM_RESAMPLES - start)
        drawn = random.integers(0, num_users, (count, num_users)) + np.arange(count)[:, None] * num_users
        times_drawn = np.bincount(drawn.ravel(), minlength=count * num_users).reshape(count, num_users)
        means.append(times_drawn @ matrix / num_users)
    return np.concatenate(means)
