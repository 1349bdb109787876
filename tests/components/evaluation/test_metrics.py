"""Metrics against values worked out by hand."""

import numpy as np
import pytest

from components.evaluation.lists import CodeLists
from components.evaluation.metrics import coverage, hit_rate, hits, ndcg, recall, user_scores


@pytest.fixture
def judged():
    ranked = np.array([[10, 11, 12, 13], [20, 21, 22, -1], [30, 31, 32, 33], [1, 2, 3, 4]])
    # User 0: hits at ranks 1 and 3 of three targets; user 1: none; user 2: rank 2 of one; user 3: no targets.
    targets = CodeLists.from_pairs([0, 0, 0, 1, 2], [10, 12, 99, 5, 31], 4)
    return hits(ranked, targets), targets.lengths


def test_hits(judged):
    assert judged[0].tolist() == [[1, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]


def test_recall(judged):
    np.testing.assert_allclose(recall(*judged, 2), [1 / 3, 0, 1, np.nan])
    np.testing.assert_allclose(recall(*judged, 10), [2 / 3, 0, 1, np.nan])


def test_ndcg(judged):
    # log2(2) = 1, 1/log2(3) = 0.63093, 1/log2(4) = 0.5.
    # User 0 at 4: (1 + 0.5) / (1 + 0.63093 + 0.5) = 0.70392; at 2: 1 / 1.63093 = 0.61315.
    np.testing.assert_allclose(ndcg(*judged, 4), [0.70392, 0, 0.63093, np.nan], atol=1e-5)
    np.testing.assert_allclose(ndcg(*judged, 2), [0.61315, 0, 0.63093, np.nan], atol=1e-5)


def test_hit_rate(judged):
    np.testing.assert_allclose(hit_rate(*judged, 1), [1, 0, 0, np.nan])
    np.testing.assert_allclose(hit_rate(*judged, 4), [1, 0, 1, np.nan])


def test_a_repeated_product_counts_once():
    targets = CodeLists.from_pairs([0, 0], [7, 8], 1)
    relevant = hits(np.array([[7, 7, 8, 7]]), targets)
    assert relevant.tolist() == [[True, False, True, False]]
    assert recall(relevant, targets.lengths, 4).tolist() == [1.0]


def test_a_perfect_list_scores_one_everywhere():
    targets = CodeLists.from_pairs(np.zeros(12), np.arange(12), 1)
    scores = user_scores(np.arange(100)[None, :], targets)
    # Ten places cannot hold twelve targets: NDCG@10 is ideal all the same, recall@10 is not.
    assert {name: round(value[0], 6) for name, value in scores.items()} == {
        "ndcg@10": 1.0,
        "recall@10": round(10 / 12, 6),
        "recall@100": 1.0,
        "hit_rate@10": 1.0,
    }


def test_coverage_counts_distinct_products_of_the_first_places():
    ranked = np.array([[0, 1, 9], [1, 2, 8], [1, -1, 7]])
    assert coverage(ranked, 10, 2) == 0.3
    assert coverage(np.zeros((0, 10), int), 10, 10) == 0.0


def test_lists_and_targets_must_match():
    with pytest.raises(ValueError, match=r"len\(ranked\)=2, len\(targets\)=1"):
        hits(np.zeros((2, 3), int), CodeLists.from_pairs([0], [1], 1))
