"""What follows the candidates where filters leave too few of them."""

from __future__ import annotations

import numpy as np

from components.recommender.candidates.sources import CandidateSources
from schema.served.candidate_features import STATISTICS

_COLUMNS = ("share_window", "share_four", "buyer_share")


def by_popularity(sources: CandidateSources) -> np.ndarray:
    """All products, the most popular first; int64 `[products]`.

    Those that the sources rank keep their order; the rest of the catalogue follows, so that a list may be
    as long as the catalogue is.
    """
    popular = sources.popular.numpy()
    statistics = sources.statistics.numpy()
    keys = [-statistics[:, STATISTICS.index(column)] for column in reversed(_COLUMNS)]
    order = np.lexsort(keys)
    everything: np.ndarray = np.concatenate([popular, order[~np.isin(order, popular)]]).astype(np.int64)
    return everything
