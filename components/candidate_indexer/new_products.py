"""Products that nobody has bought yet, by how often news of their group are taken up."""

from __future__ import annotations

import numpy as np

from components.interactions.events import Events

_MAX_NEW_PRODUCTS = 5000
_NUM_WINDOWS = 4
_PRIOR_SALES, _PRIOR_PRODUCTS = 0.02, 2.0


def rank_new_products(
    events: Events, available: np.ndarray, groups: np.ndarray, as_of: int, window: int
) -> tuple[np.ndarray, np.ndarray]:
    """Ranks the available products without an event.

    What a product without sales will sell cannot be counted; what newcomers of its group sold in the
    window of their first sale can. Spread over the group's products without sales, that is the rate at
    which one of them is taken up.

    Args:
        events: Positive events before `as_of`.
        available: Which products may be recommended `[products]`.
        groups: Group of each product `[products]`.
        as_of: Epoch seconds.
        window: Length of the eval window in seconds.

    Returns:
        Indices int64 and log rates float32 of at most 5,000 products, best rate first.
    """
    first = np.full(events.num_products, as_of, np.int64)
    np.minimum.at(first, events.product, events.time)
    unsold = first == as_of
    size = int(groups.max(initial=-1)) + 1
    sales = np.zeros(size)
    for number in range(1, _NUM_WINDOWS + 1):
        start = as_of - number * window
        of_newcomers = (events.time >= start) & (events.time < start + window)
        of_newcomers &= first[events.product] >= start
        sales += np.bincount(groups[events.product[of_newcomers]], minlength=size)
    waiting = np.bincount(groups[unsold], minlength=size)
    rates = np.log((sales + _PRIOR_SALES) / (waiting + _PRIOR_PRODUCTS))
    new = np.flatnonzero(unsold & available)
    order = np.argsort(-rates[groups[new]], kind="stable")[:_MAX_NEW_PRODUCTS]
    chosen = new[order].astype(np.int64)
    return chosen, rates[groups[chosen]].astype(np.float32)
