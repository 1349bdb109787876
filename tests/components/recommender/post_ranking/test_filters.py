"""The third stage by hand."""

from __future__ import annotations

import numpy as np
import pytest

from components.evaluation.exclusion import resolve_exclusion
from components.recommender.post_ranking.filters import (
    append_fill,
    cut,
    exclude,
    filter_scores,
    insert_new,
)

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


def excluded(index, products):
    return exclude(tf.constant(index, tf.int64), tf.constant(products, tf.int64)).numpy().tolist()


def test_products_are_excluded_row_by_row():
    assert excluded([[1, 2, 3], [1, 2, 3]], [[2, -1], [3, 1]]) == [[False, True, False], [True, False, True]]


def test_padding_excludes_nothing():
    assert excluded([[0, 1]], [[-1, -1, -1]]) == [[False, False]]
    # One before the first product of row 1 is the last product of row 0.
    assert excluded([[9], [0]], [[-1], [-1]]) == [[False], [False]]


def test_the_first_and_the_last_product_stay_in_their_row():
    # Product 9 of row 0 and product 0 of row 1 lie side by side.
    assert excluded([[9, 0], [9, 0]], [[9, -1], [-1, 0]]) == [[True, False], [False, True]]


def test_excluded_products_may_be_larger_than_all_candidates():
    assert excluded([[1], [1]], [[50], [1]]) == [[False], [True]]


def test_exclusion_agrees_with_brute_force():
    rng = np.random.default_rng(0)
    index, products = rng.integers(0, 30, (9, 20)), rng.integers(-1, 30, (9, 7))
    expected = [[bool(c in row) for c in candidates] for candidates, row in zip(index, products, strict=True)]
    assert excluded(index, products) == expected


def fill(index, scores, popular):
    index, scores = append_fill(
        tf.constant(index, tf.int64), tf.constant(scores), tf.constant(popular, tf.int64)
    )
    return index.numpy().tolist(), scores.numpy()


def test_the_fill_comes_below_every_candidate_in_its_own_order():
    index, scores = fill([[4, 5]], [[-3.0, 2.0]], [7, 8, 9])
    assert index == [[4, 5, 7, 8, 9]]
    order = np.argsort(-scores[0]).tolist()
    assert order == [1, 0, 2, 3, 4]


def test_candidates_are_not_filled_again():
    index, scores = fill([[4, 5]], [[1.0, 2.0]], [5, 6, 4])
    _, _, exists = cut(tf.constant(scores), tf.constant(5))
    positions, *_ = cut(tf.constant(scores), tf.constant(5))
    shown = [index[0][place] for place in positions.numpy()[0][exists.numpy()[0]]]
    assert shown == [5, 4, 6]


def test_a_filtered_candidate_is_not_filled_again_either():
    scores = filter_scores(tf.constant([[1.0, 2.0]]), tf.constant([[True, False]])).numpy()
    index, scores = fill([[4, 5]], scores, [4, 6])
    positions, _, exists = cut(tf.constant(scores), tf.constant(4))
    assert [index[0][place] for place in positions.numpy()[0][exists.numpy()[0]]] == [5, 6]


def test_a_filtered_candidate_does_not_push_the_fill_out_of_sight():
    scores = filter_scores(tf.constant([[1.0, 2.0]]), tf.constant([[True, False]])).numpy()
    _, scores = fill([[4, 5]], scores, [6, 7])
    assert -10 < scores[0, 3] < scores[0, 2] < 2.0


def test_the_best_positions_are_cut():
    position, score, exists = cut(tf.constant([[0.5, 2.0, 1.0]]), tf.constant(2))
    assert (position.numpy().tolist(), score.numpy().tolist()) == ([[1, 2]], [[2.0, 1.0]])
    assert exists.numpy().all()


def test_lists_shorter_than_top_k_end_in_nothing():
    position, _, exists = cut(tf.constant([[0.5, 2.0]]), tf.constant(4))
    assert position.shape == (1, 4)
    assert exists.numpy().tolist() == [[True, True, False, False]]


def test_filtered_products_do_not_exist():
    scores = filter_scores(tf.constant([[3.0, 2.0, 1.0]]), tf.constant([[True, False, True]]))
    position, _, exists = cut(scores, tf.constant(3))
    assert position.numpy()[0][exists.numpy()[0]].tolist() == [1]


def test_filtering_changes_nothing_else():
    scores = filter_scores(tf.constant([[3.0, 2.0]]), tf.constant([[True, False]])).numpy()
    assert scores[0, 1] == 2.0
    assert scores[0, 0] < -1e20


@pytest.mark.parametrize(
    ("setting", "repeat_rate", "expected"),
    [
        ("auto", 0.5, "off"),
        ("auto", 0.0, "always"),
        ("auto", 0.019, "always"),
        ("auto", 0.02, "off"),
        ("off", 0.0, "off"),
        ("always", 0.9, "always"),
        ("14d", 0.9, "14d"),
    ],
)
def test_auto_excludes_purchases_where_they_do_not_repeat(setting, repeat_rate, expected):
    assert resolve_exclusion(setting, repeat_rate) == expected


def order_after(scores, is_new, step, count=5):
    index = tf.range(len(scores))[tf.newaxis, :]
    placed = insert_new(tf.constant([scores]), tf.constant([is_new]), index, step, count).numpy()[0]
    return np.argsort(-placed, kind="stable").tolist(), placed


def test_new_products_take_every_fourth_place():
    # Ten candidates, best first; 8 and 9 are new and would be last.
    scores = [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 0.2, 0.1]
    order, _ = order_after(scores, [False] * 8 + [True] * 2, step=4)
    assert order == [0, 1, 2, 8, 3, 4, 5, 9, 6, 7]


def test_no_more_new_products_than_asked_for():
    scores = [9.0, 8.0, 7.0, 6.0, 0.2, 0.1]
    order, _ = order_after(scores, [False] * 4 + [True] * 2, step=2, count=1)
    assert order == [0, 4, 1, 2, 3, 5]


def test_a_new_product_that_is_good_enough_stays_where_it_is():
    scores = [9.0, 8.0, 7.0, 8.5]
    order, placed = order_after(scores, [False, False, False, True], step=3)
    assert order == [0, 3, 1, 2]
    assert placed[3] == 8.5


def test_lists_shorter_than_a_step_change_nothing():
    scores = [3.0, 2.0, 1.0]
    assert order_after(scores, [False, False, True], step=20)[1].tolist() == scores


def test_what_is_filtered_is_neither_raised_nor_counted():
    hidden = float(filter_scores(tf.constant([1.0]), tf.constant([True]))[0])
    scores = [5.0, hidden, 4.0, 3.0, hidden, 1.0]
    order, placed = order_after(scores, [False, False, False, False, True, True], step=2)
    assert placed[4] == np.float32(hidden)
    assert order[:4] == [0, 5, 2, 3]


@pytest.mark.parametrize("noise", [(0.0, 0.0, 0.0), (2e-6, -1e-6, 0.0), (-2e-6, 0.0, 3e-6)])
def test_rounding_does_not_decide_among_new_products_that_are_alike(noise):
    scores = tf.constant([[9.0, 8.0, *(0.5 + error for error in noise)]])
    is_new = tf.constant([[False, False, True, True, True]])
    placed = insert_new(scores, is_new, tf.constant([[0, 1, 7, 5, 6]]), 2, 1).numpy()[0]
    assert np.argsort(-placed, kind="stable")[:3].tolist() == [0, 3, 1]  # product 5, the first of them


def test_rows_without_new_products_are_left_alone():
    scores = tf.constant([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]])
    index = tf.constant([[0, 1, 2], [0, 1, 2]])
    placed = insert_new(scores, tf.constant([[False] * 3, [False, False, True]]), index, 2, 2).numpy()
    assert placed[0].tolist() == [3.0, 2.0, 1.0]
    assert placed[1].tolist() == [3.0, 2.0, 2.5]
