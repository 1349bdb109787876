"""Builds the tables of one cutoff from the events strictly before it."""

from __future__ import annotations

import numpy as np

from components.candidate_indexer.ease import ease_weights
from components.candidate_indexer.new_products import rank_new_products
from components.candidate_indexer.popular import best_sellers, popular_over_horizons, trending_products
from components.candidate_indexer.statistics import product_statistics
from components.candidate_indexer.transitions import transition_weights
from components.interactions.events import ShopEvents
from components.interactions.neighbours import (
    nearest_products,
    user_product_matrix,
    user_product_shares,
)
from components.recommender.candidates.tables import Snapshot
from components.settings import IndexSettings
from schema import names


def build_snapshot(
    events: ShopEvents,
    available: np.ndarray,
    groups: np.ndarray,
    as_of: int,
    window: int,
    settings: IndexSettings,
) -> Snapshot:
    """Builds neighbours, statistics and popularity as of a cutoff.

    Args:
        events: Events of the whole database; those at or after `as_of` are ignored.
        available: Which products may be recommended.
        groups: Group of each product.
        as_of: Epoch seconds.
        window: Length of the eval window in seconds.
        settings: Number of neighbours and half-life.
    """
    every = events.before(as_of)
    past, strength = every.positive, every.strengths()
    statistics = product_statistics(past, as_of, window)
    new_products, new_rates = rank_new_products(past, available, groups, as_of, window)
    matrix = user_product_matrix(every, strength, as_of, settings.half_life_days)
    neighbour_index, neighbour_score = nearest_products(matrix, settings.num_neighbours)
    ease_index, ease_score = ease_weights(
        user_product_shares(every, strength), settings.ease_products, settings.ease_weights
    )
    next_index, next_score = transition_weights(every, strength, settings.num_neighbours)
    first = np.full(past.num_products, as_of, np.int64)
    np.minimum.at(first, past.product, past.time)
    return Snapshot(
        neighbour_index=neighbour_index,
        neighbour_score=neighbour_score,
        ease_index=ease_index,
        ease_score=ease_score,
        next_index=next_index,
        next_score=next_score,
        statistics=statistics,
        first_sale_days=((as_of - first) / names.SECONDS_PER_DAY).astype(np.float32),
        trending=trending_products(statistics, available),
        popular=popular_over_horizons(statistics, available),
        best_sellers=best_sellers(statistics, available),
        new_products=new_products,
        new_rates=new_rates,
    )
