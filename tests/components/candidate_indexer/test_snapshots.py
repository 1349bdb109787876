"""Popular products over every horizon, best first and the unavailable ones last."""

from __future__ import annotations

import numpy as np

from components.candidate_indexer.snapshots import Catalogue, build_snapshot
from components.interactions.events import ShopEvents
from components.settings import IndexSettings

DAY = 86_400
NOW = 1000 * DAY
WINDOW = 8 * DAY
GROUPS = np.array([0, 0, 1, 1, 1])


def build(counts, available=None):
    """`counts`: product -> {days ago: events}, each event of a user of its own."""
    rows = [(p, days) for p, by_day in counts.items() for days, count in by_day.items() for _ in range(count)]
    product, days = (np.array(column) for column in zip(*rows, strict=True))
    size = len(rows)
    found = ShopEvents(
        np.arange(size, dtype=np.int32),
        product.astype(np.int32),
        NOW - days * DAY,
        5,
        np.ones(size, bool),
        np.zeros(size, np.int32),
    )
    available = np.ones(5, bool) if available is None else np.array(available)
    return build_snapshot(
        found, Catalogue(available, GROUPS[:, np.newaxis]), NOW, WINDOW, IndexSettings(num_neighbours=2)
    )


COUNTS = {0: {30: 9}, 1: {1: 3}, 2: {7: 5}, 3: {1: 1, 7: 7}}


def test_trending_takes_the_short_horizons_in_turn():
    # One day: 1 thrice, 3 once, then by sales of ever: 0, 2, 4. Two days alike. Four days alike.
    assert build(COUNTS).trending.tolist() == [1, 3, 0, 2, 4]


def test_popular_takes_the_long_horizons_in_turn():
    # A window of eight days: 3 (8), 2 (5), 1 (3), 0, 4; two alike; four windows and ever: 0 (9), 3, ...
    # In turn: 3, 3, 0, 0; then 2, 2, 3, 3; then 1, ...; then 4.
    assert build(COUNTS).popular.tolist() == [3, 0, 2, 1, 4]


def test_unavailable_products_are_last_and_no_best_sellers():
    tables = build(COUNTS, [True, False, True, False, True])
    assert tables.trending.tolist() == [0, 2, 4, 1, 3]
    assert tables.popular.tolist() == [2, 0, 4, 3, 1]
    assert tables.best_sellers.tolist() == [0, 2, 4]


def test_the_first_sale_is_known_to_the_day():
    assert build(COUNTS).first_sale_days.tolist() == [30, 1, 7, 7, 0]


def test_tables_cover_the_catalogue():
    tables = build(COUNTS)
    assert tables.neighbour_index.shape == tables.neighbour_score.shape == (5, 2)
    assert len(tables.statistics) == 5
