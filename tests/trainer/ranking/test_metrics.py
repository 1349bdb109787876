"""NDCG by hand: gains of 1, discounts of 1, 1/log2(3), 1/2, ..."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trainer.ranking.metrics import ndcg_at_k

SECOND = 1 / math.log2(3)


def ndcg(labels, scores, num_targets, top_k=2):
    return ndcg_at_k(np.array([labels]), np.array([scores]), np.array([num_targets]), top_k)[0]


def test_the_best_order_is_one():
    assert ndcg([1, 0, 1], [3.0, 1.0, 2.0], 2) == pytest.approx(1.0)


def test_a_target_in_second_place():
    assert ndcg([0, 1, 0], [3.0, 2.0, 1.0], 1) == pytest.approx(SECOND)


def test_a_target_below_the_cut_off_counts_nothing():
    assert ndcg([0, 0, 1], [3.0, 2.0, 1.0], 1) == 0.0


def test_targets_that_retrieval_missed_are_in_the_ideal():
    # One of two targets is among the candidates, in first place.
    assert ndcg([1, 0, 0], [3.0, 2.0, 1.0], 2) == pytest.approx(1 / (1 + SECOND))


def test_more_targets_than_places():
    assert ndcg([1, 1, 1], [3.0, 2.0, 1.0], 9) == pytest.approx(1.0)


def test_gains_are_binary():
    assert ndcg([0.25, 0, 0], [3.0, 2.0, 1.0], 1) == ndcg([7, 0, 0], [3.0, 2.0, 1.0], 1) == 1.0


def test_fewer_candidates_than_places():
    assert ndcg([1, 0], [1.0, 2.0], 1, top_k=10) == pytest.approx(SECOND)
