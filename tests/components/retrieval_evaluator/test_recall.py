"""Recall by hand."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from components.retrieval_evaluator.executor import CUT_OFFS, recall_at

FIRST, SECOND, THIRD, FOURTH = CUT_OFFS


def recall(ordered, targets):
    rows = tf.RaggedTensor.from_row_lengths(
        tf.constant([value for row in targets for value in row], tf.int64), [len(row) for row in targets]
    )
    return recall_at(np.array(ordered), rows).tolist()


LONG = list(range(1000))


def test_targets_count_from_the_cut_off_on_at_which_they_stand():
    # Four targets: first in the list, last before the first cut-off, first behind it, and near the end.
    (row,) = recall([LONG], [[0, FIRST - 1, FIRST, 999]])
    assert row == pytest.approx([0.5, 0.75, 0.75, 0.75, 1.0])


def test_the_second_and_third_cut_off():
    (row,) = recall([LONG], [[SECOND - 1, SECOND, THIRD - 1, THIRD]])
    assert row == pytest.approx([0.0, 0.25, 0.75, 1.0, 1.0])


def test_each_query_has_a_row():
    rows = recall([[1, 2], [3, 4]], [[1, 9], [4]])
    assert rows == [[0.5] * 5, [1.0] * 5]


def test_a_target_out_of_the_list_is_not_found():
    assert recall([[1, 2]], [[7]]) == [[0.0] * 5]


def test_an_unknown_target_is_never_found_and_still_counts():
    # -1 pads the list too.
    assert recall([[1, -1]], [[1, -1]]) == [[0.5] * 5]


def test_a_product_named_twice_takes_one_place():
    # A history repeats product 5 before product 6: 6 stands second, at the last place before the cut-off.
    ordered = [5] * FIRST + [6]
    assert recall([ordered], [[6]]) == [[1.0] * 5]


def test_a_query_without_targets_is_zero():
    assert recall([[1, 2]], [[]]) == [[0.0] * 5]


def test_shuffled_lists_agree_with_brute_force():
    rng = np.random.default_rng(0)
    ordered = np.array([rng.permutation(800) for _ in range(10)])
    targets = [list(map(int, rng.choice(900, 12, replace=False))) for _ in range(10)]
    for row, wanted, found in zip(ordered.tolist(), targets, recall(ordered, targets), strict=True):
        for cut_off, value in zip((*CUT_OFFS, 10**9), found, strict=True):
            assert value == pytest.approx(len(set(row[:cut_off]) & set(wanted)) / 12)
