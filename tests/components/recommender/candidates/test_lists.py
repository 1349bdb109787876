"""The best of wide rows, and unions against the obvious loop."""

from __future__ import annotations

import numpy as np
import pytest

from components.recommender.candidates.lists import NEVER, best_slots, union

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

WIDTH = 16 * 70 + 5


@pytest.mark.parametrize("seed", range(6))
def test_the_best_of_wide_rows_are_those_of_a_whole_sort(seed):
    rng = np.random.default_rng(seed)
    # Few different values, so that many tie; a run of equal ones longer than a block.
    scores = rng.integers(0, rng.choice([3, 40, 10_000]), (4, WIDTH)).astype(np.float32)
    scores[1, 100:180] = scores.max() + 1
    for count in (1, 7, 17):
        values, place = best_slots(tf.constant(scores), count)
        expected = np.argsort(-scores, axis=1, kind="stable")[:, :count]
        np.testing.assert_array_equal(place, expected)
        np.testing.assert_array_equal(values, np.take_along_axis(scores, expected, axis=1))


def merged(lists, fill, count):
    """Row by row: in the order of priorities, lists and places, what was not seen before; then the fill."""
    rows = []
    for row in range(lists[0][0].shape[0]):
        entries = [
            (priority, product, source)
            for index, priorities, sources in lists
            for product, priority, source in zip(index[row], priorities[row], sources[row], strict=True)
            if priority < NEVER
        ]
        entries = sorted(entries, key=lambda entry: entry[0]) + [(0, product, 9) for product in fill]
        seen: dict[int, int] = {}
        for _, product, source in entries:
            seen.setdefault(int(product), int(source))
        rows.append(list(seen.items())[:count])
    return rows


@pytest.mark.parametrize("seed", range(8))
def test_a_union_is_that_of_the_obvious_loop(seed):
    rng = np.random.default_rng(seed)
    num_products, batch = 30, 3
    lists = []
    for source in range(3):
        width = rng.integers(1, 12)
        priority = rng.integers(0, 6, (batch, width)) / 4  # ties between the lists and within them
        priority = np.where(rng.random((batch, width)) < 0.3, NEVER, priority).astype(np.float32)
        index = rng.integers(0, num_products, (batch, width))
        lists.append((index, priority, np.full((batch, width), source, np.int32)))
    fill, count = rng.permutation(num_products), int(rng.integers(1, num_products + 1))
    tensors = [tuple(tf.constant(part) for part in ranked) for ranked in lists]
    index, source = union(tensors, tf.constant(fill), 9, count, num_products)
    found = [list(zip(*row, strict=True)) for row in zip(index.numpy(), source.numpy(), strict=True)]
    assert found == merged(lists, fill, count)
