"""The discount goes as far as accuracy allows."""

from __future__ import annotations

import numpy as np
import pytest

from components.recommender_assembler.choices.eval_lists import EvalLists
from components.recommender_assembler.choices.popularity_discount import DISCOUNTS, choose_discount


def choose(scores, popularity, labels, num_targets, max_loss, bought=None, max_new_loss=1.0):
    index = np.zeros(scores.shape, np.int64)
    bought = np.zeros(scores.shape, bool) if bought is None else bought
    num_new = num_targets - (bought & (labels > 0)).sum(axis=1)
    has_history = bought.any(axis=1)
    lists = EvalLists(index, scores, popularity, labels, num_targets, bought, num_new, has_history)
    return choose_discount(lists, max_loss, max_new_loss)


def test_a_discount_that_costs_nothing_is_taken_whole():
    # The relevant candidate leads by far.
    scores, popularity = np.array([[9.0, 1.0]]), np.array([[5.0, 0.0]])
    assert choose(scores, popularity, np.array([[1.0, 0.0]]), np.array([1]), 0.0) == DISCOUNTS[-1]


def test_it_stops_before_a_relevant_product_falls_behind():
    # The relevant product leads by .5 and is ahead by four in log popularity: .125 would be a draw.
    scores, popularity = np.array([[1.0, 0.5]]), np.array([[4.0, 0.0]])
    assert choose(scores, popularity, np.array([[1.0, 0.0]]), np.array([1]), 0.1) == 0.12


def test_a_loss_within_the_limit_is_accepted():
    # Of a hundred queries one would lose its first place for the second: 1 - 1/log2(3) = .369 of one in 100,
    # with a standard error of .0367 / 10.
    scores = np.tile([[9.0, 0.0]], (100, 1))
    scores[0] = [0.1, 0.0]
    popularity, labels = np.tile([[1.0, 0.0]], (100, 1)), np.tile([[1.0, 0.0]], (100, 1))
    targets = np.ones(100, int)
    assert choose(scores, popularity, labels, targets, 0.007) == pytest.approx(0.1)
    assert choose(scores, popularity, labels, targets, 0.008) == DISCOUNTS[-1]


def test_targets_that_were_not_retrieved_count():
    # Two targets, one of them no candidate: relative losses are of 1 / (1 + 1/log2(3)), all the same.
    scores, popularity = np.array([[1.0, 0.5]]), np.array([[4.0, 0.0]])
    assert choose(scores, popularity, np.array([[1.0, 0.0]]), np.array([2]), 0.1) == 0.12


def test_what_was_never_bought_before_has_a_limit_of_its_own():
    # First is what was bought before and leads by far. Of the two new ones the relevant leads by .5 and is
    # ahead by four in log popularity: from .13 on it falls behind: .369 of the new is lost.
    scores, popularity = np.array([[9.0, 1.0, 0.5]]), np.array([[0.0, 4.0, 0.0]])
    labels, bought = np.array([[1.0, 1.0, 0.0]]), np.array([[True, False, False]])
    targets = np.array([2])
    assert choose(scores, popularity, labels, targets, 0.1, bought, 0.4) == DISCOUNTS[-1]
    assert choose(scores, popularity, labels, targets, 0.1, bought, 0.3) == 0.12


def test_without_queries_there_is_none():
    empty = np.zeros((0, 2))
    assert choose(empty, empty, empty, np.zeros(0, int), 0.1) == 0.0
