"""Which products without sales are put forward."""

from __future__ import annotations

import numpy as np
import pytest

from components.candidate_indexer.new_products import listing_order, rank_new_products
from components.interactions.events import Events

DAY = 86_400
NOW, WINDOW = 1000 * DAY, 10 * DAY
GROUPS = np.array([0, 0, 0, 1, 1, 1, 1, 2])

SIZE = 200


def rank(rows, available=None, order=None):
    """`rows`: (product, days ago), each of a user of its own."""
    product, days = (np.array(column) for column in zip(*rows, strict=True))
    events = Events(
        np.arange(len(rows), dtype=np.int32), product.astype(np.int32), NOW - days * DAY, len(GROUPS)
    )
    available = np.ones(len(GROUPS), bool) if available is None else np.array(available)
    return rank_new_products(events, available, GROUPS, order, NOW, WINDOW)


# Product 0 is old. Product 3 came 15 days ago, in the second window, and sold three times in it.
ROWS = [(0, 400), (0, 5), (3, 15), (3, 14), (3, 13), (3, 3)]


def test_only_what_was_never_sold_is_new():
    new, _ = rank(ROWS)
    assert sorted(new.tolist()) == [1, 2, 4, 5, 6, 7]


def test_the_group_whose_newcomers_sold_comes_first():
    new, _ = rank(ROWS)
    assert new[:3].tolist() == [4, 5, 6]


def test_rates_by_hand():
    # Group 1: three sales in the window of the first sale, three products waiting. Groups 0 and 2: none,
    # with two and one waiting. To each are added .02 sales and two products.
    new, rates = rank(ROWS)
    by_product = dict(zip(new.tolist(), rates.tolist(), strict=True))
    assert by_product[4] == pytest.approx(0.5 * np.log(3.02 / 5))
    assert by_product[1] == pytest.approx(0.5 * np.log(0.02 / 4))
    assert by_product[7] == pytest.approx(0.5 * np.log(0.02 / 3))


def test_old_products_do_not_count_as_newcomers():
    # Product 0 was first sold long ago: its sales of late say nothing of new products of group 0.
    _, few = rank(ROWS)
    _, many = rank([*ROWS, *[(0, 2)] * 50])
    np.testing.assert_array_equal(few, many)


def test_unavailable_products_are_left_out():
    new, _ = rank(ROWS, [True, True, True, True, False, True, True, True])
    assert 4 not in new


def test_a_shop_in_which_everything_was_sold():
    new, rates = rank([(product, 3) for product in range(len(GROUPS))])
    assert len(new) == len(rates) == 0


def test_where_the_order_of_listing_is_known_its_neighbourhood_counts():
    """In a shop of eight products there is one band."""
    _, rates = rank(ROWS, order=np.arange(8))
    none = np.log(0.02 / (6 + 2))  # product 3 was first sold before the last window
    assert rates[0] == pytest.approx(0.25 * np.log(3.02 / 5) + none)
    _, rates = rank([*ROWS, (4, 2)], order=np.arange(8))
    band = np.log((1 + 0.02) / (5 + 2))
    assert rates[0] == pytest.approx(0.25 * np.log(4.02 / 4) + band)


def test_what_was_listed_beside_newcomers_comes_before_what_was_listed_long_ago():
    size = 20_000
    events = Events(
        np.arange(300, dtype=np.int32),
        np.arange(19_000, 19_300, dtype=np.int32),
        np.full(300, NOW - DAY),
        size,
    )
    order, one = np.arange(size), np.zeros(size, np.int64)
    new, rates = rank_new_products(events, np.ones(size, bool), one, order, NOW, WINDOW)
    assert len(new) == 19_700 and (np.diff(rates) <= 0).all()
    assert (np.abs(new[:500] - 19_150) < 1000).all()
    nothing, _ = rank_new_products(events, np.ones(size, bool), one, None, NOW, WINDOW)
    assert nothing[:3].tolist() == [0, 1, 2]  # without an order they are all alike


def events(times):
    """Each product is sold once, product i at `times[i]`."""
    return Events(np.zeros(SIZE, np.int32), np.arange(SIZE, dtype=np.int32), np.asarray(times), SIZE)


def test_ids_that_follow_the_first_sales_are_the_order():
    numbers = np.random.default_rng(1).permutation(SIZE)
    found = listing_order([str(10 * number) for number in numbers], events(numbers), SIZE)
    assert found is not None
    np.testing.assert_array_equal(found, numbers)


@pytest.mark.parametrize("seed", range(3))
def test_ids_that_say_nothing_are_none(seed):
    random = np.random.default_rng(seed)
    ids = [str(number) for number in random.permutation(SIZE)]
    if abs(np.corrcoef([int(entry) for entry in ids], np.arange(SIZE))[0, 1]) < 0.1:
        assert listing_order(ids, events(np.arange(SIZE)), SIZE) is None
    assert (
        listing_order([str(SIZE - number) for number in range(SIZE)], events(np.arange(SIZE)), SIZE) is None
    )


@pytest.mark.parametrize("odd", ["p7", "", "-7", "1.5", "\u0667", "9" * 19])
def test_ids_that_are_no_integers_are_none(odd):
    ids = [*(str(number) for number in range(SIZE - 1)), odd]
    assert listing_order(ids, events(np.arange(SIZE)), SIZE) is None


def test_what_comes_later_is_not_looked_at():
    ids = [str(number) for number in range(SIZE)]
    times = np.concatenate([np.arange(100)[::-1], np.arange(1000, 1100)])
    assert listing_order(ids, events(times), 2000) is not None
    assert listing_order(ids, events(times), 500) is None  # until then the largest ids were sold first


def test_few_sales_say_nothing():
    ids = [str(number) for number in range(SIZE)]
    assert listing_order(ids, events(np.arange(SIZE)), 99) is None
    assert listing_order(ids, events(np.arange(SIZE)), 100) is not None
