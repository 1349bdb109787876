"""Which products without sales are put forward."""

from __future__ import annotations

import numpy as np
import pytest

from components.candidate_indexer.snapshots import rank_new_products
from components.interactions.events import Events

DAY = 86_400
NOW, WINDOW = 1000 * DAY, 10 * DAY
GROUPS = np.array([0, 0, 0, 1, 1, 1, 1, 2])


def rank(rows, available=None):
    """`rows`: (product, days ago), each of a user of its own."""
    product, days = (np.array(column) for column in zip(*rows, strict=True))
    events = Events(
        np.arange(len(rows), dtype=np.int32), product.astype(np.int32), NOW - days * DAY, len(GROUPS)
    )
    available = np.ones(len(GROUPS), bool) if available is None else np.array(available)
    return rank_new_products(events, available, GROUPS, NOW, WINDOW)


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
    assert by_product[4] == pytest.approx(np.log(3.02 / 5))
    assert by_product[1] == pytest.approx(np.log(0.02 / 4))
    assert by_product[7] == pytest.approx(np.log(0.02 / 3))


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
