from __future__ import annotations

import numpy as np
import pytest

from benchmarks.evaluation.embedded import Embedded, embed
from benchmarks.evaluation.evaluators import BRUTE_FORCE, CUT_OFFS, STREAMING, evaluate, factorized_top_k


@pytest.fixture(scope="module")
def embedded() -> Embedded:
    return embed(num_users=30, num_products=400, dim=8, num_targets=6, seed=2)


def test_accuracies_are_shares_of_pairs(embedded):
    """Computed here by sorting all scores, pair by pair."""
    order = np.argsort(-(embedded.users @ embedded.products.T), axis=1)
    pairs = zip(embedded.rows, embedded.targets, strict=True)
    ranks = np.array([int(np.nonzero(order[row] == target)[0][0]) for row, target in pairs])
    found = evaluate(embedded, seed=1)
    np.testing.assert_allclose(found.accuracies, [(ranks < k).mean() for k in CUT_OFFS])
    assert 0 < found.accuracies[0] < found.accuracies[-1] < 1


@pytest.mark.parametrize("name", [BRUTE_FORCE, STREAMING])
def test_the_accuracies_that_both_give_are_equal(embedded, name):
    theirs = factorized_top_k(embedded, name)
    for _ in range(2):  # the second time as the first
        np.testing.assert_allclose(theirs(), evaluate(embedded, seed=1).accuracies, atol=1e-6)


def test_ours_gives_metrics_of_users_with_intervals(embedded):
    metrics = evaluate(embedded, seed=1).metrics
    assert {"ndcg@10", "recall@10", "recall@100", "hit_rate@10"} <= set(metrics)
    assert all(0 <= value.low <= value.mean <= value.high <= 1 for value in metrics.values())
