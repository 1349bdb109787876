"""Flat lists of product codes."""

import numpy as np

from components.evaluation.lists import CodeLists, compact


def as_lists(lists):
    return [list(part) for part in np.split(lists.codes, lists.offsets[1:-1])]


def test_pairs_are_grouped_sorted_distinct_and_known():
    lists = CodeLists.from_pairs([2, 0, 0, 2, 2, -1, 0], [5, 9, 3, 5, 1, 4, -1], 4)
    assert as_lists(lists) == [[3, 9], [], [1, 5], []]
    assert list(lists.lengths) == [2, 0, 2, 0]
    assert list(lists.rows) == [0, 0, 2, 2]


def test_select_where_without():
    lists = CodeLists.from_pairs([0, 0, 1, 2], [1, 2, 1, 7], 3)
    assert as_lists(lists.select(np.array([False, True, True]))) == [[1], [7]]
    assert as_lists(lists.where(np.array([False, True, True, False]))) == [[2], [1], []]
    assert as_lists(lists.without(CodeLists.from_pairs([0, 2, 2], [2, 1, 7], 3))) == [[1], [1], []]


def test_contains_asks_the_list_of_the_same_row():
    lists = CodeLists.from_pairs([0, 1], [3, 4], 2)
    rows = np.array([[0, 0, 0], [1, 1, 1]])
    assert lists.contains(rows, np.array([[3, 4, -1], [3, 4, 900]])).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert not CodeLists.from_pairs([], [], 2).contains(rows, rows).any()


def test_compact_moves_what_is_kept_to_the_front():
    ranked = np.array([[4, 5, 6], [7, 8, 9]])
    keep = np.array([[False, True, True], [True, True, True]])
    assert compact(ranked, keep, 2).tolist() == [[5, 6], [7, 8]]
    assert compact(ranked, keep, 4).tolist() == [[5, 6, -1, -1], [7, 8, 9, -1]]


def test_ragged_codes_are_grouped_by_query():
    import tensorflow as tf

    lists = CodeLists.from_ragged(tf.ragged.constant([[5, 3, 5], [], [-1, 2]], dtype=tf.int64))
    assert lists.offsets.tolist() == [0, 2, 2, 3] and lists.codes.tolist() == [3, 5, 2]
