"""Losses of the ranker, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trainer.ranking.losses import LOSSES, without

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


def loss(name, scores, labels):
    return LOSSES[name](tf.constant(scores, tf.float32), tf.constant(labels, tf.float32)).numpy()


def decoupled(scores, labels):
    return loss("decoupled_softmax", scores, labels)


def test_relevant_items_do_not_compete():
    # Two relevant items (scores 2 and 1) against one irrelevant one (score 0), each alone.
    expected = (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(-1))) / 2
    assert decoupled([[2.0, 1.0, 0.0]], [[1.0, 1.0, 0.0]]) == pytest.approx([expected], rel=1e-6)


def test_gains_weigh_the_items():
    expected = (3 * math.log(1 + math.exp(-2)) + 1 * math.log(1 + math.exp(-1))) / 4
    assert decoupled([[2.0, 1.0, 0.0]], [[3.0, 1.0, 0.0]]) == pytest.approx([expected], rel=1e-6)


def test_one_relevant_item_has_the_plain_softmax():
    scores = np.random.default_rng(0).normal(size=6)
    expected = np.log(np.exp(scores).sum()) - scores[2]
    assert decoupled([scores], [np.eye(6)[2]]) == pytest.approx([expected], rel=1e-5)


def test_a_list_without_a_relevant_item_has_no_loss():
    assert decoupled([[1.0, 2.0]], [[0.0, 0.0]]).tolist() == [0.0]


def test_a_list_of_relevant_items_only_has_no_loss():
    assert decoupled([[1.0, 2.0]], [[1.0, 1.0]]) == pytest.approx([0.0])


def test_listwise_items_compete():
    # Softmax of (2, 1, 0): the two relevant items share what the third leaves.
    total = math.exp(2) + math.exp(1) + 1
    expected = -(math.log(math.exp(2) / total) + math.log(math.exp(1) / total)) / 2
    assert loss("listwise_softmax", [[2.0, 1.0, 0.0]], [[1.0, 1.0, 0.0]]) == pytest.approx(expected, rel=1e-6)


def test_listwise_gains_weigh_the_items():
    total = math.exp(2) + math.exp(1) + 1
    expected = -(3 * math.log(math.exp(2) / total) + math.log(math.exp(1) / total)) / 4
    assert loss("listwise_softmax", [[2.0, 1.0, 0.0]], [[3.0, 1.0, 0.0]]) == pytest.approx(expected, rel=1e-6)


def test_pairs_of_a_relevant_and_an_irrelevant_item():
    # Relevant: 2 and 1; irrelevant: 0 and 3. Margins 2 and -1, then 1 and -2.
    def one(margin):
        return math.log(1 + math.exp(-margin))

    expected = (3 * (one(2) + one(-1)) / 2 + (one(1) + one(-2)) / 2) / 4
    found = loss("pairwise", [[2.0, 1.0, 0.0, 3.0]], [[3.0, 1.0, 0.0, 0.0]])
    assert found == pytest.approx(expected, rel=1e-6)


def test_points_are_judged_alone_and_by_gain():
    expected = (2 * math.log(1 + math.exp(-2)) + math.log(1 + math.exp(1)) + math.log(2)) / 3
    assert loss("pointwise", [[2.0, 1.0, 0.0]], [[2.0, 0.0, 0.0]]) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", ["listwise_softmax", "pairwise"])
def test_a_list_without_a_relevant_item_has_no_other_loss(name):
    assert loss(name, [[1.0, 2.0]], [[0.0, 0.0]]).tolist() == [0.0]


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_each_falls_when_the_relevant_item_rises(name):
    assert loss(name, [[2.0, 0.5]], [[1.0, 0.0]]) < loss(name, [[1.0, 0.5]], [[1.0, 0.0]])


@pytest.mark.parametrize("name", ["decoupled_softmax", "listwise_softmax"])
def test_what_is_left_out_is_as_though_it_were_not_in_the_list(name):
    scores, labels = [[3.0, 2.0, 1.0, 0.0, 5.0]], [[1.0, 2.0, 0.0, 0.0, 0.0]]
    excluded = tf.constant([[True, False, False, False, True]])
    remaining = without(excluded, tf.constant(scores), tf.constant(labels))
    expected = loss(name, [[2.0, 1.0, 0.0]], [[2.0, 0.0, 0.0]])
    assert LOSSES[name](*remaining).numpy() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", list(LOSSES))
def test_where_everything_is_left_out_there_is_no_loss(name):
    remaining = without(tf.constant([[True, True]]), tf.constant([[2.0, 1.0]]), tf.constant([[1.0, 0.0]]))
    assert LOSSES[name](*remaining).numpy() == pytest.approx([0.0])
