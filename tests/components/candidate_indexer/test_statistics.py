"""Product statistics by hand, and that nothing of the future is in them."""

from __future__ import annotations

import numpy as np
import pytest

from components.candidate_indexer.snapshots import Catalogue, build_snapshot
from components.candidate_indexer.statistics import product_statistics, sales
from components.interactions.events import Events, ShopEvents
from components.settings import IndexSettings
from schema.served.candidate_features import HORIZONS, SHARES, STATISTICS

DAY = 86_400
NOW = 1000 * DAY
WINDOW = 8 * DAY
NUM_PRODUCTS = 4

# (user, product, days before now). Horizons: 1, 2, 4, 8, 16 and 32 days, and ever.
ROWS = [(0, 0, 40), (0, 0, 10), (0, 0, 1), (1, 0, 6), (1, 1, 20), (1, 1, 20), (2, 1, 2), (2, 3, 500)]


def events(rows=ROWS, num_products=NUM_PRODUCTS):
    rows = sorted(rows, key=lambda row: (row[0], -row[2]))
    user, product, days = (np.array(column) for column in zip(*rows, strict=True))
    return Events(
        user.astype(np.int32), product.astype(np.int32), (NOW - days * DAY).astype(np.int64), num_products
    )


def column(name, rows=ROWS):
    return product_statistics(events(rows), NOW, WINDOW)[:, STATISTICS.index(name)]


def test_one_row_a_product_and_one_column_a_feature():
    assert product_statistics(events(), NOW, WINDOW).shape == (NUM_PRODUCTS, len(STATISTICS))


PRIOR = 0.2 / 3  # a fifth of the share of the mean of the three products that ever sold


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("share_eighth", [1, 0, 0, 0]),
        ("share_quarter", [1, 1, 0, 0]),
        ("share_window", [2, 1, 0, 0]),
        ("share_two", [3, 1, 0, 0]),  # product 0: 10, 6 and 1 days ago
        ("share_four", [3, 3, 0, 0]),
        ("share_ever", [4, 3, 0, 1]),
        ("buyer_share", [2, 2, 0, 1]),
    ],
)
def test_logarithms_of_shares(name, counts):
    np.testing.assert_allclose(column(name), np.log(np.array(counts) / sum(counts) + PRIOR), rtol=1e-5)


def test_sales_to_guests_count_in_the_shares_alone():
    # Two of product 3 a day ago and one of product 1 after the cutoff, which is not looked at.
    guests = events([(0, 3, 1), (0, 3, 1), (0, 1, -1)])
    found = product_statistics(events(), NOW, WINDOW, guests)
    for name, counts in (("share_eighth", [1, 0, 0, 2]), ("share_ever", [4, 3, 0, 3])):
        shares = found[:, STATISTICS.index(name)]
        np.testing.assert_allclose(shares, np.log(np.array(counts) / sum(counts) + PRIOR), rtol=1e-5)
    others = [STATISTICS.index(name) for name in STATISTICS if name not in SHARES]
    assert (found[:, others] == product_statistics(events(), NOW, WINDOW)[:, others]).all()


def test_a_horizon_holds_as_many_day_stamps_at_every_cutoff():
    # Stamps at midnight, cutoffs one second later; an eighth of 20 days is 2.5 days: two of them.
    stamps = np.arange(100) * DAY
    for day in (40, 41, 67):
        past = Events(np.zeros(100, np.int32), np.zeros(100, np.int32), stamps, 1).before(day * DAY + 1)
        assert sales(past, day * DAY + 1, 20 * DAY, 0.125).tolist() == [2]


def test_the_repeat_rate_is_a_smoothed_ratio_to_that_of_the_shop():
    # Pairs of user and product: (0,0), (1,0), (1,1), (2,1), (2,3); only (0,0) came back at another time.
    overall = 1 / 5
    expected = np.array([(1 + 5 * overall) / 7, 5 * overall / 7, overall, 5 * overall / 6])
    np.testing.assert_allclose(column("repeat_rate"), np.log(expected / overall), rtol=1e-5, atol=1e-6)


def test_the_usual_interval_is_a_smoothed_ratio_to_that_of_the_shop():
    # Intervals: product 0 of 30 and 9 days, nowhere else; the shop's mean is 19.5 days.
    expected = np.log(np.array([(39 + 3 * 19.5) / 5, 19.5, 19.5, 19.5]) / 19.5)
    np.testing.assert_allclose(column("usual_interval"), expected, atol=1e-6)


def test_a_shop_without_repeats_has_no_rates():
    rows = [(0, 0, 3), (1, 1, 4)]
    assert column("repeat_rate", rows).tolist() == column("usual_interval", rows).tolist() == [0.0] * 4


def test_windows_since_the_last_and_first_sale_end_at_four():
    # Last sale 1, 2, never and 500 days ago, first 40, 20, never and 500; a window is 8 days.
    last, first = np.log1p([1 / 8, 2 / 8, 4, 4]), np.log1p([4, 20 / 8, 4, 4])
    np.testing.assert_allclose(column("windows_since_last_sale"), last, rtol=1e-5)
    np.testing.assert_allclose(column("windows_since_first_sale"), first, rtol=1e-5)


def test_twice_the_volume_leaves_every_column_as_it_is():
    twice = [(user + 100 * copy, product, days) for user, product, days in ROWS for copy in (0, 1)]
    np.testing.assert_allclose(
        product_statistics(events(twice), NOW, WINDOW),
        product_statistics(events(), NOW, WINDOW),
        atol=0.35,  # the priors of the rates weigh half as much
    )
    shares = [STATISTICS.index(name) for name in (*SHARES, "buyer_share")]
    np.testing.assert_allclose(
        product_statistics(events(twice), NOW, WINDOW)[:, shares],
        product_statistics(events(), NOW, WINDOW)[:, shares],
        rtol=1e-5,
    )


def test_a_shop_without_events():
    empty = Events(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64), 3)
    table = product_statistics(empty, NOW, WINDOW)
    assert table.shape == (3, len(STATISTICS))
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
        limits = [np.inf if horizon is None else 8 * horizon for horizon in HORIZONS]
        totals = [sum(days <= limit for _, _, days in rows) for limit in limits]
        counts = [sum(days <= limit for _, days in own) for limit in limits]
        prior = 0.2 / len({p for _, p, _ in rows})
        expected = np.log(np.array(counts) / np.maximum(totals, 1) + prior)
        np.testing.assert_allclose(table[product, : len(HORIZONS)], expected, rtol=1e-4)


def cutoff(rows):
    settings = IndexSettings(num_neighbours=5, half_life_days=20)
    past = events(rows, 12)
    size = len(past.user)
    every = ShopEvents(past.user, past.product, past.time, 12, np.ones(size, bool), np.zeros(size, np.int32))
    return build_snapshot(
        every, Catalogue(np.ones(12, bool), (np.arange(12) % 3)[:, np.newaxis]), NOW, WINDOW, settings
    )


@pytest.mark.parametrize("days", [0, -1, -400])
def test_events_at_or_after_the_moment_change_nothing(days):
    rows = random_rows(1)
    later = [(user, product, days) for user in range(40) for product in (0, 3, 7)]
    before, after = cutoff(rows), cutoff(rows + later)
    for name in (
        "neighbour_index",
        "neighbour_score",
        "next_index",
        "next_score",
        "statistics",
        "trending",
        "popular",
    ):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name), err_msg=name)


def test_statistics_ignore_later_events_on_their_own():
    later = [(user, 2, -3) for user in range(9)]
    np.testing.assert_array_equal(
        product_statistics(events(ROWS + later), NOW, WINDOW), product_statistics(events(), NOW, WINDOW)
    )


def test_an_event_just_before_the_moment_does_change_them():
    rows = random_rows(1)
    later = [(user, product, 1) for user in range(40) for product in (0, 3, 7)]
    assert set(cutoff(rows + later).trending[:3]) == {0, 3, 7}
    assert not np.array_equal(cutoff(rows).statistics, cutoff(rows + later).statistics)
