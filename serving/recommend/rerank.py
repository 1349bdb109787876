"""What a request may ask of a list beside its length: filters, preferences and diversity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from serving.model.catalogue import Catalogue, IntArray
from serving.model.conditions import Conditions

_POOL_FACTOR = 20
_LEAST_POOL = 200
_DIVERSITY_POOL = 5
_LEAST_DIVERSITY_POOL = 50


@dataclass(frozen=True)
class ListConstraints:
    """What a request wants.

    Attributes:
        top_k: Items.
        filters: Column -> what a product must have.
        preferences: Column -> what brings a product to the front: the more of them it has.
        diversity: 0 keeps the order, 1 looks at likeness alone.
        columns: Columns in which products are alike: categories, sets and paths.
        excluded: Products that must not come.
    """

    top_k: int
    filters: Conditions = field(default_factory=dict)
    preferences: Conditions = field(default_factory=dict)
    diversity: float = 0.0
    columns: Sequence[str] = ()
    excluded: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def changes_lists(self) -> bool:
        """Whether anything but the first `top_k` can be chosen."""
        return bool(self.picks or self.diversity)

    @property
    def picks(self) -> bool:
        """Whether some products are wanted rather than others."""
        return bool(self.filters or self.preferences or len(self.excluded))

    @property
    def pool(self) -> int:
        """How many items are looked at first, so that enough are left."""
        if self.picks:
            return max(_POOL_FACTOR * self.top_k, _LEAST_POOL)
        return self._diversity_pool

    @property
    def _diversity_pool(self) -> int:
        return max(_DIVERSITY_POOL * self.top_k, _LEAST_DIVERSITY_POOL)

    def chosen(self, rows: IntArray, catalogue: Catalogue) -> IntArray:
        """Picks from a list.

        Args:
            rows: Products of the list, best first, -1 for those that the catalogue lacks.
            catalogue: The products.

        Returns:
            Positions in the list, at most `top_k`.
        """
        order = np.flatnonzero(~np.isin(rows, self.excluded))
        if self.filters:
            order = order[self._values(self.filters, rows, catalogue)[order] == len(self.filters)]
        if self.preferences:
            met = self._values(self.preferences, rows, catalogue)[order]
            order = order[np.argsort(-met, kind="stable")]
        if not self.diversity:
            return order[: self.top_k]
        pool = order[: self._diversity_pool]
        categories = catalogue.categories(self.columns, np.maximum(rows[pool], 0))
        categories[rows[pool] < 0] = -1
        return pool[diversified(categories, self.diversity, self.top_k)]

    def is_met(self, rows: IntArray, catalogue: Catalogue) -> bool:
        """Whether a list has enough of what is wanted, or all that there is."""
        whole = catalogue.met(self.filters) + catalogue.met(self.preferences)
        wanted = whole == len(self.filters) + len(self.preferences)
        wanted[self.excluded] = False
        return int(wanted[rows[rows >= 0]].sum()) >= min(self.top_k, int(wanted.sum()))

    def _values(self, wanted: Conditions, rows: IntArray, catalogue: Catalogue) -> IntArray:
        return np.where(rows >= 0, catalogue.met(wanted)[np.maximum(rows, 0)], 0)


def diversified(categories: IntArray, strength: float, top_k: int) -> IntArray:
    """Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998) over the products' categories.

    Args:
        categories: Of a list, best first, -1 where missing `[items, columns, members]`; two products are
            as alike as, over the columns, the share of common members in those of both is on average.
        strength: 0 keeps the order, 1 looks at likeness alone.
        top_k: Items to choose.

    Returns:
        Positions; relevance is 1 for the first and falls evenly to 0 at the last.
    """
    count, columns, _ = categories.shape
    if not columns:
        return np.arange(min(top_k, count))
    relevance = 1 - np.arange(count) / max(count - 1, 1)
    likeness, left = np.zeros(count), np.ones(count, np.bool_)
    chosen: list[int] = []
    while left.any() and len(chosen) < top_k:
        value = (1 - strength) * relevance - strength * likeness
        best = int(np.argmax(np.where(left, value, -np.inf)))
        left[best] = False
        chosen.append(best)
        likeness = np.maximum(likeness, _shares(categories, categories[best]).mean(axis=1))
    return np.array(chosen, np.int64)


def _shares(categories: IntArray, one: IntArray) -> npt.NDArray[np.float64]:
    """Common members by members of either `[items, columns]`, as `post_ranking.diversity.kernel` has it."""
    same = (categories[..., :, np.newaxis] == one[:, np.newaxis, :]) & (categories >= 0)[..., np.newaxis]
    common = same.any(axis=3).sum(axis=2)
    either = (categories >= 0).sum(axis=2) + (one >= 0).sum(axis=1) - common
    return np.asarray(common / np.maximum(either, 1), np.float64)
