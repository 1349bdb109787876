"""Popular products, over every horizon: which one counts in this shop is found later, by measuring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from schema.candidate_features import SHARES, STATISTICS

_NUM_TRENDING = 200
_NUM_POPULAR = 5000
_NUM_BEST_SELLERS = 40
_SHORT, _LONG = SHARES[:3], SHARES[3:]


def trending_products(statistics: np.ndarray, available: np.ndarray) -> np.ndarray:
    """Products most bought over the horizons shorter than a window, in turn; int64, at most 200."""
    return _in_turn([_ordered(statistics, available, name) for name in _SHORT], _NUM_TRENDING)


def popular_over_horizons(statistics: np.ndarray, available: np.ndarray) -> np.ndarray:
    """Likewise over those from one window to ever; int64, at most 5,000."""
    return _in_turn([_ordered(statistics, available, name) for name in _LONG], _NUM_POPULAR)


def best_sellers(statistics: np.ndarray, available: np.ndarray) -> np.ndarray:
    """The first forty of every horizon, which are candidates of every query; int64."""
    heads = [_ordered(statistics, available, name)[:_NUM_BEST_SELLERS] for name in SHARES]
    found: np.ndarray = np.unique(np.concatenate(heads)).astype(np.int64)
    shown: np.ndarray = found[available[found]]
    return shown


def _ordered(statistics: np.ndarray, available: np.ndarray, column: str) -> np.ndarray:
    """Products by a share, then by that of ever, then by index; unavailable ones last."""
    wanted, ever = (statistics[:, STATISTICS.index(name)] for name in (column, SHARES[-1]))
    order: np.ndarray = np.lexsort((-ever, -wanted, ~available))[:_NUM_POPULAR]
    return order


def _in_turn(orders: Sequence[np.ndarray], count: int) -> np.ndarray:
    """The first of each order, then the second of each, and so on, each product once."""
    interleaved = np.stack(orders, axis=1).ravel()
    _, first = np.unique(interleaved, return_index=True)
    taken: np.ndarray = interleaved[np.sort(first)][:count].astype(np.int64)
    return taken
