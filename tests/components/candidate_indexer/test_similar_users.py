"""The users that are kept, and their tables, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from components.candidate_indexer.similar_users import similar_user_tables
from components.interactions.events import ShopEvents

DAY = 86_400
WINDOW_DAYS = 10
NOW = 1_000 * DAY
NUM_PRODUCTS = 5


def shop(rows):
    """Events `(user, product, days ago, strength)`; what has a strength of 1 is a purchase."""
    user, product, days, strength = np.array(sorted(rows, key=lambda row: (row[0], -row[2])), float).T
    events = ShopEvents(
        user.astype(np.int32),
        product.astype(np.int32),
        (NOW - days * DAY).astype(np.int64),
        NUM_PRODUCTS,
        strength == 1,
        np.zeros(len(user), np.int32),
    )
    return events, strength


def tables(rows, count=10):
    return similar_user_tables(*shop(rows), NOW, WINDOW_DAYS * DAY, count)


# Half of an event's weight is left after 30 days.
ROWS = [(4, 0, 30, 1.0), (4, 0, 0, 1.0), (4, 1, 30, 1.0), (7, 1, 0, 1.0), (7, 2, 0, 0.25)]


def test_profiles_are_decayed_counts_of_any_event_by_how_few_have_the_product():
    found = tables(ROWS)
    assert found.user.tolist() == [4, 7]
    rare, common = np.log1p(2 / 1), np.log1p(2 / 2)
    first, second = np.array([1.5 * rare, 0.5 * common]), np.array([common, rare])
    first, second = first / np.linalg.norm(first), second / np.linalg.norm(second)
    assert found.holder_start.tolist() == [0, 1, 3, 4, 4, 4]
    assert found.holder.tolist() == [0, 0, 1, 1]
    expected = [first[0] * rare, first[1] * common, second[0] * common, second[1] * rare]
    np.testing.assert_allclose(found.holder_weight, expected, rtol=1e-6)


def test_purchases_are_decayed_counts_of_length_1():
    found = tables(ROWS)
    first, second = np.array([1.5, 0.5]), np.array([1.0, 0.25])
    assert found.bought_index.tolist() == [[0, 1], [1, 2]]
    np.testing.assert_allclose(
        found.bought_weight, [first / np.linalg.norm(first), second / np.linalg.norm(second)], rtol=1e-6
    )


def test_the_most_active_of_late_are_kept():
    rows = [(0, 0, 300, 1.0), (0, 1, 300, 1.0), (0, 2, 300, 1.0), (1, 3, 1, 1.0), (2, 4, 2, 1.0)]
    assert tables(rows, count=2).user.tolist() == [1, 2]


@pytest.mark.parametrize(("rows", "count"), [(ROWS, 0), ([(0, 0, 1, 1.0)], 0)])
def test_without_users_the_tables_are_empty(rows, count):
    found = tables(rows, count)
    assert len(found.user) == len(found.holder) == len(found.bought_index) == 0
    assert found.holder_start.tolist() == [0] * (NUM_PRODUCTS + 1)
