"""Builds the tables of one moment from the events strictly before it."""

from __future__ import annotations

import numpy as np

from components.candidate_indexer.ease import ease_weights
from components.candidate_indexer.history import PositiveEvents
from components.candidate_indexer.neighbours import nearest_products, user_product_matrix
from components.candidate_indexer.new_products import rank_new_products
from components.candidate_indexer.statistics import FEATURE_NAMES, product_statistics
from components.candidate_sources.tables import MomentTables
from components.settings import IndexSettings

_NUM_TRENDING = 200
_NUM_POPULAR = 5000


def build_moment(
    events: PositiveEvents,
    available: np.ndarray,
    groups: np.ndarray,
    as_of: int,
    window: int,
    settings: IndexSettings,
) -> MomentTables:
    """Builds neighbours, statistics and popularity as of a moment.

    Args:
        events: Positive events of the whole database; those at or after `as_of` are ignored.
        available: Which products may be recommended.
        groups: Group of each product.
        as_of: Epoch seconds.
        window: Length of the eval window in seconds.
        settings: Number of neighbours and half-life.
    """
    past = events.before(as_of)
    statistics = product_statistics(past, as_of, window)
    new_products, new_rates = rank_new_products(past, available, groups, as_of, window)
    matrix = user_product_matrix(past, as_of, settings.half_life_days)
    neighbour_index, neighbour_score = nearest_products(matrix, settings.num_neighbours)
    ease_index, ease_score = ease_weights(matrix, settings.ease_products, settings.ease_weights)
    return MomentTables(
        neighbour_index=neighbour_index,
        neighbour_score=neighbour_score,
        ease_index=ease_index,
        ease_score=ease_score,
        statistics=statistics,
        trending=_best(statistics, available, ["popularity_short", "popularity_window"], _NUM_TRENDING),
        popular=_best(statistics, available, ["popularity_window", "popularity_long"], _NUM_POPULAR),
        new_products=new_products,
        new_rates=new_rates,
    )


def _best(statistics: np.ndarray, available: np.ndarray, columns: list[str], count: int) -> np.ndarray:
    """Products by descending columns, then index; unavailable ones last."""
    keys = [-statistics[:, FEATURE_NAMES.index(column)] for column in reversed(columns)]
    order: np.ndarray = np.lexsort((*keys, ~available))[:count].astype(np.int64)
    return order
