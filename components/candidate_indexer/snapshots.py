"""Builds the tables of one cutoff from the events strictly before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from components.candidate_indexer.groups import newcomer_grouping
from components.candidate_indexer.new_products import rank_new_products
from components.candidate_indexer.similar_users import similar_user_tables
from components.candidate_indexer.statistics import product_statistics
from components.candidate_indexer.transitions import transition_weights
from components.interactions.events import Events, ShopEvents
from components.interactions.neighbours import (
    nearest_products,
    solve_ease,
    user_product_matrix,
    user_product_shares,
)
from components.recommender.candidates.tables import Snapshot
from components.settings import IndexSettings
from schema import names
from schema.served.candidate_features import SHARES, STATISTICS


@dataclass(frozen=True)
class Catalogue:
    """What is known of the products beside their events.

    Attributes:
        available: Which may be recommended, bool `[products]`.
        groups: Groups of each product `[products, columns]`.
        order: `listing_order`, if there is one.
    """

    available: np.ndarray
    groups: np.ndarray
    order: np.ndarray | None = None


def build_snapshot(
    events: ShopEvents,
    catalogue: Catalogue,
    as_of: int,
    window: int,
    settings: IndexSettings,
    guests: Events | None = None,
) -> Snapshot:
    """Builds neighbours, statistics and popularity as of a cutoff.

    Args:
        events: Events of the whole database; those at or after `as_of` are ignored.
        catalogue: The products.
        as_of: Epoch seconds.
        window: Length of the eval window in seconds.
        settings: Sizes, and the half-life of neighbours.
        guests: Sales to guests who count for popularity only.
    """
    every = events.before(as_of)
    past, strength = every.positive, every.strengths()
    statistics = product_statistics(past, as_of, window, guests)
    available, groups = catalogue.available, catalogue.groups
    grouping = newcomer_grouping(groups, past, as_of, window)
    new_products, new_rates = rank_new_products(
        past, available, groups[:, grouping], catalogue.order, as_of, window
    )
    matrix = user_product_matrix(every, strength, as_of, settings.half_life_days)
    neighbour_index, neighbour_score = nearest_products(matrix, settings.num_neighbours)
    ease_index, ease_score = ease_weights(
        user_product_shares(every, strength), settings.ease_products, settings.ease_weights
    )
    next_index, next_score = transition_weights(every, strength, settings.num_neighbours)
    first = past.first_times(as_of)
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
        new_grouping=np.array(grouping),
        similar_users=similar_user_tables(every, strength, as_of, window, settings.similar_users),
    )


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
    lately, ever = (statistics[:, STATISTICS.index(name)] for name in (column, SHARES[-1]))
    order: np.ndarray = np.lexsort((-ever, -lately, ~available))[:_NUM_POPULAR]
    return order


def _in_turn(orders: Sequence[np.ndarray], count: int) -> np.ndarray:
    """The first of each order, then the second of each, and so on, each product once."""
    interleaved = np.stack(orders, axis=1).ravel()
    _, first = np.unique(interleaved, return_index=True)
    taken: np.ndarray = interleaved[np.sort(first)][:count].astype(np.int64)
    return taken


_MAX_REGULARIZATION = 1000.0


def ease_weights(matrix: sparse.csr_matrix, num_products: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Solves EASE for the most bought products (Steck, "Embarrassingly shallow autoencoders", WWW 2019).

    Half the number of users, at most
    1,000, is the regularisation; a user counts once for a product.

    Args:
        matrix: X: 1 where a user bought, less where they did something less `[users, products]`.
        num_products: Most bought products that take part; the cost grows with its third power.
        count: Weights kept for each product of the history, the largest by size.

    Returns:
        Indices int32 and weights float32 `[products, count]`, largest first; -1 and 0 pad. Row i holds the
        products that a purchase of i speaks for or against.
    """
    indices = np.full((matrix.shape[1], count), -1, np.int32)
    scores = np.zeros((matrix.shape[1], count), np.float32)
    buyers = np.asarray((matrix > 0).sum(axis=0)).ravel()
    head = np.flatnonzero(buyers >= 2)
    head = np.sort(head[np.argsort(-buyers[head], kind="stable")[:num_products]])
    if len(head) < 2:
        return indices, scores
    shares = matrix[:, head].astype(np.float32)
    gram = (shares.T @ shares).toarray()
    weights = solve_ease(gram, min(_MAX_REGULARIZATION, max(matrix.shape[0] / 2, 1.0)))
    kept = min(count, len(head) - 1)
    largest = np.argpartition(-np.abs(weights), kept - 1, axis=1)[:, :kept]
    values = np.take_along_axis(weights, largest, axis=1)
    order = np.argsort(-np.abs(values), axis=1, kind="stable")
    indices[head, :kept] = head[np.take_along_axis(largest, order, axis=1)]
    scores[head, :kept] = np.take_along_axis(values, order, axis=1)
    return indices, scores
