"""The recall of lists of products that were never sold."""

import numpy as np
import pytest

from components.evaluation.lists import CodeLists
from components.recommender_evaluator.new_for_you import measure_new_for_you

SOLD = np.array([True, True, False, False, False])


def test_only_targets_that_nobody_had_bought_count():
    # The first user bought 2 and 3, of which 2 is listed; the second only 0; the third 4 and 1: 4 is listed.
    targets = CodeLists.from_pairs(np.array([0, 0, 1, 2, 2]), np.array([2, 3, 0, 4, 1]), 3)
    ranked = np.full((3, 100), -1)
    ranked[:, :2] = [[4, 2], [2, 3], [2, 4]]
    found = measure_new_for_you(ranked, targets, SOLD, 7)
    assert found["num_queries"] == 2
    assert found["recall@100"]["mean"] == pytest.approx((1 / 2 + 1) / 2)
    assert 0.5 <= found["recall@100"]["low"] <= found["recall@100"]["high"] <= 1


def test_where_nobody_bought_a_new_product_nothing_is_measured():
    targets = CodeLists.from_pairs(np.array([0]), np.array([1]), 1)
    assert measure_new_for_you(np.zeros((1, 100), int), targets, SOLD, 7) == {"num_queries": 0}
