"""Product statistics by hand, and that nothing of the future is in them."""

from __future__ import annotations

import numpy as np
import pytest

from components.candidate_indexer.history import PositiveEvents
from components.candidate_indexer.moments import build_moment
from components.candidate_indexer.statistics import FEATURE_NAMES, product_statistics
from components.settings import IndexSettings

DAY = 86_400
NOW = 1000 * DAY
WINDOW = 8 * DAY
NUM_PRODUCTS = 4

# (user, product, days before now). Windows: 32, 8 and 2 days.
ROWS = [(0, 0, 40), (0, 0, 10), (0, 0, 1), (1, 0, 6), (1, 1, 20), (1, 1, 20), (2, 1, 2), (2, 3, 500)]


def events(rows=ROWS, num_products=NUM_PRODUCTS):
    rows = sorted(rows, key=lambda row: (row[0], -row[2]))
    user, product, days = (np.array(column) for column in zip(*rows, strict=True))
    return PositiveEvents(
        user.astype(np.int32), product.astype(np.int32), (NOW - days * DAY).astype(np.int64), num_products
    )


def column(name, rows=ROWS):
    return product_statistics(events(rows), NOW, WINDOW)[:, FEATURE_NAMES.index(name)]


def test_one_row_a_product_and_one_column_a_feature():
    assert product_statistics(events(), NOW, WINDOW).shape == (NUM_PRODUCTS, len(FEATURE_NAMES))


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("popularity_long", [3, 3, 0, 0]),  # product 0: 10, 6 and 1 days ago
        ("popularity_window", [2, 1, 0, 0]),
        ("popularity_short", [1, 1, 0, 0]),
        ("num_buyers", [2, 2, 0, 1]),
    ],
)
def test_logarithms_of_counts(name, counts):
    np.testing.assert_allclose(column(name), np.log1p(counts), rtol=1e-6)


def test_the_trend_compares_the_last_quarter_with_the_window():
    # (4 * short + 1) / (window + 1).
    np.testing.assert_allclose(column("trend"), np.log([5 / 3, 5 / 2, 1, 1]), rtol=1e-5)


def test_the_repeat_rate_is_smoothed_towards_that_of_the_shop():
    # Pairs of user and product: (0,0), (1,0), (1,1), (2,1), (2,3); only (0,0) came back at another moment.
    overall = 1 / 5
    expected = [(1 + 5 * overall) / 7, 5 * overall / 7, overall, 5 * overall / 6]
    np.testing.assert_allclose(column("repeat_rate"), expected, rtol=1e-5)


def test_the_usual_interval_is_smoothed_towards_that_of_the_shop():
    # Intervals: product 0 of 30 and 9 days, nowhere else; the shop's mean is 19.5 days.
    expected = np.array([(39 + 3 * 19.5) / 5, 19.5, 19.5, 19.5])
    np.testing.assert_allclose(column("usual_interval"), np.log1p(expected), rtol=1e-5)


def test_days_since_the_last_and_first_sale():
    np.testing.assert_allclose(column("days_since_last_sale"), np.log1p([1, 2, 3650, 500]), rtol=1e-5)
    np.testing.assert_allclose(column("days_since_first_sale"), np.log1p([40, 20, 3650, 500]), rtol=1e-5)


def test_a_shop_without_events():
    empty = PositiveEvents(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64), 3)
    table = product_statistics(empty, NOW, WINDOW)
    assert table.shape == (3, len(FEATURE_NAMES))
    assert np.isfinite(table).all()
    assert (table == table[0]).all()


def random_rows(seed, size=300):
    rng = np.random.default_rng(seed)
    rows = zip(rng.integers(0, 20, size), rng.integers(0, 12, size), rng.integers(1, 60, size), strict=True)
    return [tuple(map(int, row)) for row in rows]


@pytest.mark.parametrize("seed", range(3))
def test_counts_of_random_events_agree_with_brute_force(seed):
    rows = random_rows(seed)
    table = product_statistics(events(rows, 12), NOW, WINDOW)
    for product in range(12):
        own = [(user, days) for user, p, days in rows if p == product]
        expected = [sum(days <= limit for _, days in own) for limit in (32, 8, 2)]
        np.testing.assert_allclose(table[product, :3], np.log1p(expected), rtol=1e-5)
        assert table[product, FEATURE_NAMES.index("num_buyers")] == pytest.approx(
            np.log1p(len({u for u, _ in own}))
        )


def moment(rows):
    settings = IndexSettings(num_neighbours=5, half_life_days=20)
    return build_moment(events(rows, 12), np.ones(12, bool), np.arange(12) % 3, NOW, WINDOW, settings)


@pytest.mark.parametrize("days", [0, -1, -400])
def test_events_at_or_after_the_moment_change_nothing(days):
    rows = random_rows(1)
    later = [(user, product, days) for user in range(40) for product in (0, 3, 7)]
    before, after = moment(rows), moment(rows + later)
    for name in ("neighbour_index", "neighbour_score", "statistics", "trending", "popular"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name), err_msg=name)


def test_statistics_ignore_later_events_on_their_own():
    later = [(user, 2, -3) for user in range(9)]
    np.testing.assert_array_equal(
        product_statistics(events(ROWS + later), NOW, WINDOW), product_statistics(events(), NOW, WINDOW)
    )


def test_an_event_just_before_the_moment_does_change_them():
    rows = random_rows(1)
    later = [(user, product, 1) for user in range(40) for product in (0, 3, 7)]
    assert set(moment(rows + later).trending[:3]) == {0, 3, 7}
    assert not np.array_equal(moment(rows).statistics, moment(rows + later).statistics)
