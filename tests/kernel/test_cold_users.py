"""Which list a user without history gets."""

import numpy as np
import pytest

from kernel.cold_users import TABLE, cold_users
from kernel.description import FORMAT, Description, KernelError

SEGMENTS = (("user__town", "Ulm"), ("user__age", "30-39"))
LISTS = np.array([[4, 1, -1], [2, 0, 3], [0, 1, 2]])


def described(segments):
    return Description(FORMAT, "", {}, {}, (), {}, segments)


def inputs(town=b"", age=b""):
    return {"user__town": np.array([town], object), "user__age": np.array([age], object)}


@pytest.fixture
def lists():
    return cold_users(described(SEGMENTS), {TABLE: LISTS}, 5)


@pytest.mark.parametrize(
    ("given", "products", "is_segment"),
    [
        (inputs(b"Ulm"), [4, 1, -1], True),
        (inputs(b"Rome", b"30-39"), [2, 0, 3], True),
        (inputs(b"Ulm", b"30-39"), [4, 1, -1], True),  # the first of the segments that it tells
        (inputs(b"Rome"), [0, 1, 2], False),
        (inputs(), [0, 1, 2], False),
    ],
)
def test_the_first_segment_tells_the_list(lists, given, products, is_segment):
    found = lists.list_of(given)
    assert found.products.tolist() == products and found.is_segment is is_segment


def test_what_is_hidden_leaves_an_empty_place_until_it_is_back(lists):
    hidden = np.array([False, True, True, False, False])
    gone = lists.without(hidden)
    assert [gone.list_of(inputs(town)).products.tolist() for town in (b"Ulm", b"")] == [
        [4, -1, -1],
        [0, -1, -1],
    ]
    assert lists.without(~hidden & False).products.tolist() == LISTS.tolist()


def test_the_ranker_orders_where_there_are_no_lists():
    found = cold_users(described(()), {}, 5).list_of(inputs())
    assert found.products.tolist() == [] and not found.is_segment


def test_tables_of_before_leave_them_to_the_session():
    assert cold_users(described(None), {TABLE: LISTS}, 5) is None


@pytest.mark.parametrize(
    ("segments", "arrays", "message"),
    [
        (SEGMENTS, {}, "is missing"),
        (SEGMENTS[:1], {TABLE: LISTS}, "another number of lists"),
        (SEGMENTS, {TABLE: LISTS[0]}, "another number of lists"),
        (SEGMENTS, {TABLE: LISTS + 1}, "not there"),
        (SEGMENTS, {TABLE: LISTS - 1}, "not there"),
    ],
)
def test_damaged_tables_are_refused(segments, arrays, message):
    with pytest.raises(KernelError, match=message):
        cold_users(described(segments), arrays, 5)
