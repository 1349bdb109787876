"""The category columns that say most about what a user turns to next."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from components.interactions.events import Events
from schema import names
from schema.features import FeatureSet, Kind
from schema.tensors.transformed import catalog_spec, dense_columns, read_rows

MAX_GROUPINGS = 3
_MIN_MEAN_SIZE = 4
"""Products of a value on average: finer columns say little about products that nobody has bought."""
_MIN_SHARE = 1e-6


def read_categories(patterns: list[str], features: FeatureSet) -> dict[str, np.ndarray]:
    """Reads the category columns of the transformed catalog, each `[products]`; 0 is a missing value.

    The levels of paths are categories too, as long as a product has one path.
    """
    columns = {
        name: column
        for name, column in features.product_columns().items()
        if column.kind is Kind.CATEGORY or column.has_levels
    }
    index: list[np.ndarray] = []
    values: dict[str, list[np.ndarray]] = {name: [] for name in columns}
    for rows in read_rows(patterns, catalog_spec(features), batch_size=8192):
        dense = dense_columns(rows, columns)
        index.append(rows[names.PRODUCT_INDEX].numpy())
        for name in columns:
            values[name].append(dense[name].numpy())
    joined = np.concatenate(index)
    order = np.argsort(joined, kind="stable")
    order = order[joined[order] >= 0]
    found: dict[str, np.ndarray] = {}
    for name, column in columns.items():
        levels = _levels(name, values[name]) if column.has_levels else {name: np.concatenate(values[name])}
        found |= {level: indices[order] for level, indices in levels.items()}
    return found


def _levels(name: str, batches: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Level of a path -> index, 0 where a path is shorter; a batch is as wide as its longest path."""
    depth = max(batch.shape[1] for batch in batches)
    padded = [np.pad(b, ((0, 0), (0, depth - b.shape[1])), constant_values=-1) for b in batches]
    table = np.maximum(np.concatenate(padded), 0)
    return {f"{name}__level_{level}": table[:, level - 1] for level in range(1, depth + 1)}


def choose_groupings(
    categories: Mapping[str, np.ndarray], events: Events, as_of: int, window: int
) -> np.ndarray:
    """Numbers the values of the columns that tell most about first purchases, the best column first.

    For the user-product pairs that first occur in the window before `as_of`: a column splits the
    catalogue into values that the user had bought before and others. How much this split tells is the
    Kullback-Leibler divergence between the shares of those first purchases and the shares of the
    catalogue on its two sides.

    Args:
        categories: Columns `[products]`.
        events: Positive events.
        as_of: Epoch seconds: nothing later is looked at.
        window: Length of the eval window in seconds.

    Returns:
        int64 `[products, columns]` of at most three columns; one constant column if none is of use.
    """
    past = events.before(as_of)
    numbered = [np.unique(values, return_inverse=True)[1] for values in categories.values()]
    useful = [values for values in numbered if len(values) >= _MIN_MEAN_SIZE * (values.max() + 1)]
    useful = [values for values in useful if values.max() > 0]
    divergences = [_divergence(values, past, as_of - window) for values in useful]
    best = np.argsort(-np.asarray(divergences), kind="stable")[:MAX_GROUPINGS]
    if not len(best):
        return np.zeros((events.num_products, 1), np.int64)
    chosen: np.ndarray = np.stack([useful[number] for number in best], axis=1).astype(np.int64)
    return chosen


def newcomer_grouping(groups: np.ndarray, events: Events, as_of: int, window: int) -> int:
    """Which grouping tells most about who turns to products that were sold for the first time.

    As `choose_groupings`, of first purchases of products that nobody had bought before the window.

    Args:
        groups: `[products, columns]`.
        events: Positive events.
        as_of: Epoch seconds: nothing later is looked at.
        window: Length of the eval window in seconds.

    Returns:
        A column, the first of equal ones.
    """
    past, start = events.before(as_of), as_of - window
    unsold = np.ones(events.num_products, np.bool_)
    unsold[past.product[past.time < start]] = False
    divergences = [_divergence(column, past, start, unsold) for column in groups.T]
    return int(np.argmax(divergences))


def _divergence(groups: np.ndarray, events: Events, start: int, among: np.ndarray | None = None) -> float:
    """What a split of the catalogue, or of some products of it, tells of first purchases from `start` on."""
    size = int(groups.max()) + 1
    pairs = events.user.astype(np.int64) * events.num_products + events.product
    before = events.time < start
    first_pairs = np.setdiff1d(pairs[~before], pairs[before])
    if among is not None:
        first_pairs = first_pairs[among[first_pairs % events.num_products]]
    known_groups = np.unique(events.user[before].astype(np.int64) * size + groups[events.product[before]])
    users, products = first_pairs // events.num_products, first_pairs % events.num_products
    if not len(first_pairs) or not len(known_groups):
        return 0.0
    taken = np.isin(users * size + groups[products], known_groups).mean()
    catalogue = groups if among is None else groups[among]
    width = np.bincount(catalogue, minlength=size) / max(len(catalogue), 1)
    covered = np.bincount(known_groups // size, weights=width[known_groups % size])
    expected = np.pad(covered, (0, max(0, int(users.max()) + 1 - len(covered))))[users].mean()
    shares = np.clip([taken, expected], _MIN_SHARE, 1 - _MIN_SHARE)
    inside = shares[0] * np.log(shares[0] / shares[1])
    outside = (1 - shares[0]) * np.log((1 - shares[0]) / (1 - shares[1]))
    return float(inside + outside)
