"""The largest diversity that the eval window can bear."""

import numpy as np
import pytest

from components.recommender_assembler.choices.diversity import (
    AUTO_STRENGTHS,
    choose_diversity,
    measure_strengths,
)
from components.recommender_assembler.choices.eval_lists import EvalLists


def test_the_largest_strength_within_the_loss_is_taken():
    means = {0.0: 0.4, 0.1: 0.41, 0.2: 0.397, 0.3: 0.39, 0.5: 0.4}
    measured = {strength: np.full(4, mean) for strength, mean in means.items()}
    assert choose_diversity(measured, 0.01) == 0.2  # what lies behind the first too large loss does not count
    assert choose_diversity(measured, 0.03) == 0.5
    assert choose_diversity(measured, 0.0) == 0.1
    assert choose_diversity({0.0: np.zeros(4), 0.1: np.zeros(4)}, 0.0) == 0.1


def test_a_loss_that_may_be_larger_by_a_standard_error_is_too_large():
    # Nothing is lost in the mean, but the four differences of .1 have an error of .05, an eighth of .4.
    scattered = {0.0: np.full(4, 0.4), 0.1: np.array([0.3, 0.5, 0.3, 0.5])}
    assert choose_diversity(scattered, 0.12) == 0.0
    assert choose_diversity(scattered, 0.13) == 0.1


def test_each_strength_is_measured_on_the_lists_of_the_eval_window():
    size = 12
    rng = np.random.default_rng(1)
    embeddings = np.eye(size, dtype=np.float32)
    embeddings[1] = embeddings[0]  # the second best is just like the best
    scores = -np.arange(size, dtype=float)[np.newaxis]
    labels = np.zeros((1, size))
    labels[0, 1] = 1.0
    nothing, one = np.zeros((1, size), bool), np.array([1])
    lists = EvalLists(
        np.arange(size)[np.newaxis], scores, rng.random((1, size)), labels, one, nothing, one, one > 0
    )
    measured = measure_strengths(lists, scores, embeddings, np.zeros((size, 0, 1), np.int64), "mmr")
    assert tuple(measured) == AUTO_STRENGTHS
    assert measured[0.0][0] == pytest.approx(1 / np.log2(3))
    # at 1 the twin of the first comes last of all and so is not among the ten
    assert measured[1.0][0] == 0.0
    assert choose_diversity(measured, 0.1) < 0.5
