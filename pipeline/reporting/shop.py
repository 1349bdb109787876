"""How many users, products and pairs the events of a run have, and how unequal the products are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

from schema import names

_POINTS = 100


@dataclass(frozen=True)
class Shop:
    """Counts of the events.

    Attributes:
        num_events: Events.
        num_users: Users with an event.
        num_products: Products with an event.
        num_catalog: Products of the catalogue; None if unknown.
        num_pairs: Distinct pairs of user and product.
        lorenz: Share of the events of the least bought products, at even steps from none to all products.
        gini: 0 if all products are bought alike, 1 if one has all events.
    """

    num_events: int
    num_users: int
    num_products: int
    num_catalog: int | None
    num_pairs: int
    lorenz: tuple[float, ...]
    gini: float

    @property
    def sparsity(self) -> float:
        """Share of the pairs of user and product without an event."""
        pairs = self.num_users * max(self.num_products, self.num_catalog or 0)
        return 1 - self.num_pairs / pairs if pairs else 1.0


def read_shop(interactions: Path, num_catalog: int | None) -> Shop | None:
    """Counts the events of an Interactions artifact; None if its folder is gone or empty."""
    import pyarrow.compute as pc

    from components.interactions.files import part_files, read_interactions

    if not part_files(interactions):
        return None
    columns = [names.USER_ID, names.PRODUCT_ID]
    table = read_interactions(interactions, columns)
    if not len(table):
        return None
    pairs = table.group_by(columns).aggregate([([], "count_all")])
    counts = sorted(table.group_by(names.PRODUCT_ID).aggregate([([], "count_all")])["count_all"].to_pylist())
    unsold = max(0, (num_catalog or 0) - len(counts))
    shares, gini = inequality([0] * unsold + counts)
    users = pc.count_distinct(table[names.USER_ID]).as_py()
    return Shop(len(table), users, len(counts), num_catalog, len(pairs), shares, gini)


def inequality(counts: Sequence[int]) -> tuple[tuple[float, ...], float]:
    """Lorenz curve and Gini index of counts that are sorted upwards."""
    total, size = sum(counts), len(counts)
    cumulated = [0, *accumulate(counts)]
    steps = min(_POINTS, size)
    curve = tuple(cumulated[round(size * step / steps)] / total for step in range(steps + 1))
    gini = 1 - sum(a + b for a, b in pairwise(cumulated)) / (total * size)
    return curve, gini
