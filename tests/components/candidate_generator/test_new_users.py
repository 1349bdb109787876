"""How often training asks the question of a new user."""

from __future__ import annotations

import numpy as np
import pytest

from components.candidate_generator.executor import choose_cold_share, share_without_history
from schema import names

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


def queries(*histories):
    """Serialised queries with these product indices as history; -1 is an unknown product."""
    records = []
    for history in histories:
        feature = tf.train.Feature(int64_list=tf.train.Int64List(value=history))
        example = tf.train.Example(features=tf.train.Features(feature={names.HISTORY_INDEX: feature}))
        records.append(example.SerializeToString())
    return np.array(records, object)


def test_what_has_no_known_product_has_no_history():
    records = {1: queries([], [3, 4]), 2: queries([-1, -1], [-1, 0], [5])}
    assert share_without_history(records) == pytest.approx(2 / 5)


def test_no_queries_have_no_share():
    assert share_without_history({}) == 0.0
    assert share_without_history({1: queries()}) == 0.0


def test_auto_makes_them_as_frequent_as_in_the_eval_window():
    train = {1: queries([], *[[1]] * 9)}
    evaluation = {2: queries([], [], *[[1]] * 6)}
    share = choose_cold_share("auto", train, evaluation)
    assert share == pytest.approx(0.2)
    assert (0.1 + share) / (1 + share) == pytest.approx(2 / 8)


def test_auto_adds_none_where_training_has_enough():
    train, evaluation = {1: queries([], [1])}, {2: queries([], [1], [1], [1])}
    assert choose_cold_share("auto", train, evaluation) == 0.0


def test_auto_adds_those_of_half_of_the_users_at_most():
    train = {1: queries([1], [1])}
    assert choose_cold_share("auto", train, {2: queries([], [], [], [1])}) == 0.5
    assert choose_cold_share("auto", train, {2: queries([], [])}) == 0.5


def test_a_configured_share_is_taken_as_it_is():
    assert choose_cold_share("0.1", {}, {2: queries([], [1])}) == 0.1
