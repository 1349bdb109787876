"""Whether ids tell in which order products were listed."""

from __future__ import annotations

import numpy as np
import pytest

from components.candidate_indexer.listing_order import listing_order
from components.interactions.events import Events

SIZE = 200


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
