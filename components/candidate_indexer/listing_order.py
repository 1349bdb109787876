"""In which order products were listed, if their ids tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from components.interactions.events import Events

_MIN_CORRELATION = 0.1
_MIN_SOLD = 100
_MOST_DIGITS = 18


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
