"""Counts in a temporary file, held to those of a dictionary."""

import random
import tracemalloc
from collections import Counter

import pyarrow as pa
import pytest

from components.interactions.disk_counts import DiskCounts


def counted(*parts):
    counts = DiskCounts()
    for part in parts:
        counts.add(pa.array(part))
    return counts


def test_ids_of_several_parts_are_added_up():
    counts = counted(["p", "q", "p"], ["q", "r"], ["q"])
    assert len(counts) == 3
    assert counts.most_frequent() == ("q", 3)


def test_nothing_was_counted():
    assert len(DiskCounts()) == 0
    assert DiskCounts().most_frequent() == ("", 0)


def test_of_two_as_frequent_the_first_by_bytes_is_named():
    assert counted(["b", "\u00e9", "a", "B", "9"]).most_frequent() == ("9", 1)
    assert counted(["\U0001f600", "\uffee"]).most_frequent() == ("\uffee", 1)


def test_bytes_are_counted_as_well():
    counts = counted([b"u1", b"u2"], [b"u1", b"\xff"])
    assert len(counts) == 3
    assert counts.most_frequent() == (b"u1", 2)


def test_more_can_be_added_after_a_question():
    counts = counted(["p", "q", "q"])
    assert counts.most_frequent() == ("q", 2)
    counts.add(pa.array(["p", "p"]))
    assert counts.most_frequent() == ("p", 3)


@pytest.mark.parametrize("seed", [1, 2])
def test_any_parts_give_what_a_dictionary_gives(seed):
    draw = random.Random(seed)
    parts = [[f"p{draw.randrange(60)}" for _ in range(draw.randrange(200))] for _ in range(9)]
    expected = Counter(product for part in parts for product in part)
    counts = counted(*parts)
    assert len(counts) == len(expected)
    assert counts.most_frequent() == min(expected.items(), key=lambda item: (-item[1], item[0]))


def test_what_is_held_does_not_grow_with_the_ids():
    """Of the memory of Python: a dictionary of 100,000 such ids holds 10 MB."""
    counts, part = DiskCounts(), 10_000
    tracemalloc.start()
    try:
        for begin in range(0, 100_000, part):
            counts.add(pa.array([f"product {number}" for number in range(begin, begin + part)]))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(counts) == 100_000
    assert held < 1_000_000
