"""Trending and popular products, best first and the unavailable ones last."""

from __future__ import annotations

import numpy as np

from components.candidate_indexer.history import PositiveEvents
from components.candidate_indexer.moments import build_moment
from components.settings import IndexSettings

DAY = 86_400
NOW = 1000 * DAY
WINDOW = 8 * DAY
GROUPS = np.array([0, 0, 1, 1, 1])


def build(counts, available=None):
    """`counts`: product -> {days ago: events}, each event of a user of its own."""
    rows = [(p, days) for p, by_day in counts.items() for days, count in by_day.items() for _ in range(count)]
    product, days = (np.array(column) for column in zip(*rows, strict=True))
    found = PositiveEvents(
        np.arange(len(rows), dtype=np.int32), product.astype(np.int32), NOW - days * DAY, 5
    )
    available = np.ones(5, bool) if available is None else np.array(available)
    return build_moment(found, available, GROUPS, NOW, WINDOW, IndexSettings(num_neighbours=2))


COUNTS = {0: {30: 9}, 1: {1: 3}, 2: {7: 5}, 3: {1: 1, 7: 7}}


def test_trending_goes_by_the_last_quarter_of_a_window_then_by_the_window():
    # Last two days: product 1 thrice, 3 once. Then the window: 2 five times. Then 0 and 4 in their order.
    assert build(COUNTS).trending.tolist() == [1, 3, 2, 0, 4]


def test_popular_goes_by_the_window_then_by_four_windows():
    assert build(COUNTS).popular.tolist() == [3, 2, 1, 0, 4]


def test_unavailable_products_are_last():
    tables = build(COUNTS, [True, False, True, False, True])
    assert tables.trending.tolist() == [2, 0, 4, 1, 3]
    assert tables.popular.tolist() == [2, 0, 4, 3, 1]


def test_tables_cover_the_catalogue():
    tables = build(COUNTS)
    assert tables.neighbour_index.shape == tables.neighbour_score.shape == (5, 2)
    assert len(tables.statistics) == 5
