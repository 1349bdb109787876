"""Products that nobody has bought yet, by how often new products like them are taken up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from components.interactions.events import Events

_MAX_NEW_PRODUCTS = 50_000
_NUM_WINDOWS = 4
_PRIOR_SALES, _PRIOR_PRODUCTS = 0.02, 2.0
_NUM_BANDS = 200
_MIN_BAND = 50
"""Products of a band on average."""
_BAND_DEVIATION = 2.0
"""Bands over which a rate is smoothed."""
_GROUP_WEIGHT, _GROUP_WEIGHT_BESIDE_BANDS = 0.5, 0.25
"""Of the log rate of the group, against the log of what a user bought of it."""

_MIN_CORRELATION = 0.1
_MIN_SOLD = 100
_MOST_DIGITS = 18


def rank_new_products(
    events: Events,
    available: np.ndarray,
    groups: np.ndarray,
    order: np.ndarray | None,
    as_of: int,
    window: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Ranks the available products without an event.

    What a product without sales will sell cannot be counted; what newcomers of its group sold in the
    window of their first sale can. Spread over the group's products without sales, that is the rate at
    which one of them is taken up. Where the order of listing is known, newcomers that were listed at about
    the same time tell as well: what was listed long ago and never sold stays so.

    Args:
        events: Positive events before `as_of`.
        available: Which products may be recommended `[products]`.
        groups: Group of each product `[products]`.
        order: `listing_order`, None if it is not known.
        as_of: Epoch seconds.
        window: Length of the eval window in seconds.

    Returns:
        Indices int64 and weighted log rates float32 of at most 50,000 products, best rate first.
    """
    first = events.first_times(as_of)
    unsold = first == as_of

    def sales(num_windows: int) -> np.ndarray:
        """Sales of each product in the window of its first sale, if that is one of the last."""
        counts = np.zeros(events.num_products)
        for number in range(1, num_windows + 1):
            start = as_of - number * window
            of_newcomers = (events.time >= start) & (events.time < start + window)
            of_newcomers &= first[events.product] >= start
            counts += np.bincount(events.product[of_newcomers], minlength=events.num_products)
        return counts

    weight = _GROUP_WEIGHT if order is None else _GROUP_WEIGHT_BESIDE_BANDS
    rates = weight * _log_rates(sales(_NUM_WINDOWS), unsold, groups)
    if order is not None:
        rates = rates + _log_rates(sales(1), unsold, _bands(order), _BAND_DEVIATION)
    new = np.flatnonzero(unsold & available)
    best = np.argsort(-rates[new], kind="stable")[:_MAX_NEW_PRODUCTS]
    chosen = new[best].astype(np.int64)
    return chosen, rates[chosen].astype(np.float32)


def _log_rates(
    sales: np.ndarray, unsold: np.ndarray, groups: np.ndarray, deviation: float = 0.0
) -> np.ndarray:
    """Log of the sales of newcomers for each product without sales, by group; of each product."""
    size = int(groups.max(initial=-1)) + 1
    sold, waiting = (np.bincount(groups, counts, minlength=size) for counts in (sales, unsold))
    if deviation:
        reach = np.arange(-int(3 * deviation), int(3 * deviation) + 1)
        kernel = np.exp(-0.5 * (reach / deviation) ** 2)
        sold, waiting = (np.convolve(counts, kernel)[len(reach) // 2 :][:size] for counts in (sold, waiting))
    rates: np.ndarray = np.log((sold + _PRIOR_SALES) / (waiting + _PRIOR_PRODUCTS))[groups]
    return rates


def _bands(order: np.ndarray) -> np.ndarray:
    """Numbers of bands of about equal size, in the order of listing."""
    count = max(1, min(_NUM_BANDS, len(order) // _MIN_BAND))
    bands: np.ndarray = order * count // max(len(order), 1)
    return bands


def listing_order(product_ids: Sequence[str], events: Events, as_of: int) -> np.ndarray | None:
    """Ranks products by their ids, where larger numbers are given to what is listed later.

    Many shops number their products as they list them, and what was listed of late is what sells for the
    first time now. Whether a shop does so is told by its sales: the ids of what was sold must follow the
    order of the first sales, by a rank correlation of at least .1.

    Args:
        product_ids: The product vocabulary.
        events: Positive events.
        as_of: Epoch seconds: nothing later is looked at.

    Returns:
        Ranks from 0, int64 `[products]`; None if some id is no integer, or if the sales say nothing.
    """
    if not all(entry.isascii() and entry.isdigit() and len(entry) <= _MOST_DIGITS for entry in product_ids):
        return None
    order = np.empty(len(product_ids), np.int64)
    order[np.argsort(np.array(product_ids, np.int64), kind="stable")] = np.arange(len(product_ids))
    first = events.before(as_of).first_times(as_of)
    sold = first < as_of
    if sold.sum() < _MIN_SOLD or len(np.unique(first[sold])) < 2:
        return None
    correlation = float(stats.spearmanr(order[sold], first[sold])[0])
    return order if correlation >= _MIN_CORRELATION else None
