"""Scores that products give to others, worked out by hand."""

from __future__ import annotations

import numpy as np

from components.recommender.candidates.item_to_item import ItemToItem, Purchases

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

# Of six products 1 speaks for 4 and against 2, and 3 for 4; the others are silent, 0, 1, 3 and 5 never named.
INDEX = np.array([[-1, -1], [4, 2], [-1, -1], [4, -1], [-1, -1], [-1, -1]], np.int32)
SCORE = np.array([[0, 0], [0.5, -0.25], [0, 0], [1.0, 0], [0, 0], [0, 0]], np.float32)


def scored(rows, products, weights, batch=2):
    table = ItemToItem(INDEX, SCORE)
    weighted = tf.constant(weights, tf.float32)
    purchases = Purchases(
        tf.constant(rows, tf.int64),
        tf.constant(products, tf.int64),
        weighted,
        latest=tf.zeros_like(weighted),
        counts=tf.zeros_like(weighted[:, 0]),
    )
    return table, table(purchases, purchases.weights, tf.constant(batch))


def test_scores_add_up_by_row_and_taste():
    table, scores = scored([0, 0, 1], [1, 3, 1], [[1.0, 2.0], [0.5, 1.0], [4.0, 0.0]])
    assert table.reachable.numpy().tolist() == [2, 4]
    assert scores.numpy().tolist() == [
        [[-0.25, 1.0, 0.0], [-0.5, 2.0, 0.0]],  # 4: 0.5 * 1 + 1 * 0.5 and 0.5 * 2 + 1 * 1
        [[-1.0, 2.0, 0.0], [0.0, 0.0, 0.0]],
    ]


def test_what_is_never_named_has_nothing():
    table, scores = scored([0], [1], [[1.0, 1.0]], batch=1)
    at = table.at(scores, tf.constant([[5, 4, 0, 2]]))
    assert at.numpy()[0, 0].tolist() == [0.0, 0.5, 0.0, -0.25]
    assert table.everywhere(scores[:, 0]).numpy().tolist() == [[0.0, 0.0, -0.25, 0.0, 0.5, 0.0]]


def test_a_product_speaks_for_what_the_table_says():
    products, given = scored([], [], np.zeros((0, 2)))[0].neighbours_of(tf.constant([[1, 0], [3, 5]]))
    assert products.numpy().tolist() == [[[4, 2], [-1, -1]], [[4, -1], [-1, -1]]]
    assert given.numpy().tolist() == [[[0.5, -0.25], [0.0, 0.0]], [[1.0, 0.0], [0.0, 0.0]]]


def test_a_table_without_an_entry():
    table = ItemToItem(np.full((3, 2), -1, np.int32), np.zeros((3, 2), np.float32))
    ones = tf.ones([1, 2])
    nothing = Purchases(tf.constant([0], tf.int64), tf.constant([2], tf.int64), ones, ones, ones[:, 0])
    assert table(nothing, ones, tf.constant(1)).numpy().tolist() == [[[0.0], [0.0]]]
