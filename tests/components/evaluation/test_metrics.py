"""Metrics against values worked out by hand."""

import numpy as np
import pytest

from components.evaluation.lists import CodeLists
from components.evaluation.metrics import (
    average_precision,
    hit_rate,
    hits,
    ndcg,
    recall,
    reciprocal_rank,
    user_scores,
)


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


def test_reciprocal_rank(judged):
    np.testing.assert_allclose(reciprocal_rank(*judged, 4), [1, 0, 1 / 2, np.nan])
    np.testing.assert_allclose(reciprocal_rank(*judged, 1), [1, 0, 0, np.nan])


def test_average_precision(judged):
    # User 0: precision 1 at rank 1 and 2/3 at rank 3, of three possible hits: (1 + 2/3) / 3; at 2: 1 / 2.
    np.testing.assert_allclose(average_precision(*judged, 4), [5 / 9, 0, 1 / 2, np.nan])
    np.testing.assert_allclose(average_precision(*judged, 2), [1 / 2, 0, 1 / 2, np.nan])


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
        "mrr@10": 1.0,
        "map@10": 1.0,
    }


def test_lists_and_targets_must_match():
    with pytest.raises(ValueError, match=r"len\(ranked\)=2, len\(targets\)=1"):
        hits(np.zeros((2, 3), int), CodeLists.from_pairs([0], [1], 1))


def test_the_metrics_are_those_of_trec_eval():
    """The same lists judged by NIST's program, which cuts MAP off but divides by all targets."""
    import pytrec_eval

    random = np.random.default_rng(3)
    num_queries, places = 60, 25
    ranked = np.array([random.permutation(40)[:places] for _ in range(num_queries)])
    truth = [random.choice(40, random.integers(1, 8), replace=False) for _ in range(num_queries)]
    rows = np.repeat(np.arange(num_queries), [len(chosen) for chosen in truth])
    ours = user_scores(ranked, CodeLists.from_pairs(rows, np.concatenate(truth), num_queries))

    judge = pytrec_eval.RelevanceEvaluator(
        {str(query): {str(product): 1 for product in chosen} for query, chosen in enumerate(truth)},
        {"ndcg_cut.10", "recall.10,100", "success.10", "map_cut.10", "recip_rank"},
    )
    run = {
        str(query): {str(product): float(places - rank) for rank, product in enumerate(products)}
        for query, products in enumerate(ranked)
    }
    judged = judge.evaluate(run)
    theirs = {
        name: np.array([judged[str(query)][name] for query in range(num_queries)])
        for name in ("ndcg_cut_10", "recall_10", "recall_100", "success_10", "map_cut_10", "recip_rank")
    }

    np.testing.assert_allclose(ours["ndcg@10"], theirs["ndcg_cut_10"])
    np.testing.assert_allclose(ours["recall@10"], theirs["recall_10"])
    np.testing.assert_allclose(ours["recall@100"], theirs["recall_100"])
    np.testing.assert_allclose(ours["hit_rate@10"], theirs["success_10"])
    np.testing.assert_allclose(ours["map@10"], theirs["map_cut_10"])  # nobody has more than ten targets
    in_reach = theirs["recip_rank"] >= 1 / 10
    np.testing.assert_allclose(ours["mrr@10"], np.where(in_reach, theirs["recip_rank"], 0.0))
    assert 0.1 < ours["ndcg@10"].mean() < 0.9
