"""The split of what is missing, worked out by hand."""

import numpy as np
import pytest

from components.evaluation.lists import CodeLists
from components.recommender_evaluator.stage_losses import stage_losses

# Two targets each: discounts 1 and 1/log2(3) = 0.63093, the ideal is 1.63093.
TARGETS = CodeLists.from_pairs([0, 0, 1, 1], [1, 2, 3, 4], 3)
IDEAL = 1 + 1 / np.log2(3)


def test_each_stage_loses_its_part():
    candidates = np.array([[9, 1, -1, 2], [3, 8, 7, 6], [1, 2, 3, 4]])
    recommended = np.array([[1, 9], [8, 3], [1, 2]])
    report = stage_losses(candidates, recommended, TARGETS, seed=1)

    # First query: both targets are candidates, at ranks 2 and 4; served: one of them, first.
    # Second: one of two is a candidate, ranked first, served second. Third: nothing is asked.
    reachable = (1 + 1 / IDEAL) / 2
    ranked = ((1 / np.log2(3) + 1 / np.log2(5)) / IDEAL + 1 / IDEAL) / 2
    served = (1 / IDEAL + 1 / np.log2(3) / IDEAL) / 2
    assert report["num_queries"] == 2
    assert report["retrieval"]["ndcg@10"]["mean"] == pytest.approx(reachable)
    assert report["retrieval"]["loss"]["mean"] == pytest.approx(1 - reachable)
    assert report["ranking"]["loss"]["mean"] == pytest.approx(reachable - ranked)
    assert report["post_ranking"]["ndcg@10"]["mean"] == pytest.approx(served)
    assert report["post_ranking"]["loss"]["mean"] == pytest.approx(ranked - served)


def test_without_targets_there_is_nothing_to_lose():
    assert stage_losses(np.array([[1]]), np.array([[1]]), CodeLists.from_pairs([], [], 1), seed=1) == {}
