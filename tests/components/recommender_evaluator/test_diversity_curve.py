"""The curve on two queries whose lists can be followed."""

import numpy as np
import pytest

from components.evaluation.beyond_accuracy import ProductFacts
from components.evaluation.lists import CodeLists
from components.recommender.post_ranking.diversity import Diversity
from components.recommender_evaluator.diversity_curve import diversity_curve

# products 0 to 11 are of one kind, 12 and 13 of another
CATEGORY = np.array([0] * 12 + [1] * 2)
EMBEDDINGS = np.where((CATEGORY == 0)[:, None], [[2.0, 0.0]], [[0.0, 1.0]]).astype(np.float32)
FACTS = ProductFacts(
    available=np.ones(14, np.bool_),
    num_buyers=np.arange(14),
    num_users=20,
    category=CATEGORY,
    category_column="kind",
    embeddings=EMBEDDINGS,
)
CANDIDATES = np.tile(np.arange(14), (3, 1))
ADJUSTED = -np.tile(np.arange(14.0), (3, 1))
TARGETS = CodeLists.from_pairs([0, 1], [1, 12], 3)
PURCHASED = CodeLists.from_pairs([0, 1], [0, 12], 3)


def curve(candidates=CANDIDATES, adjusted=ADJUSTED, facts=FACTS, targets=TARGETS, chosen=0.4):
    categories = CATEGORY[:, np.newaxis, np.newaxis]
    return diversity_curve(candidates, adjusted, targets, PURCHASED, facts, categories, Diversity(chosen))


def test_diversity_moves_the_other_kind_up():
    found = curve()
    assert found["num_queries"] == 2 and found["method"] == "mmr" and found["chosen"] == 0.4
    by_strength = {point["diversity"]: point for point in found["points"]}
    assert list(by_strength) == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0]
    # at 0 the first has its target second, the second none; ten of one kind have no diversity
    assert by_strength[0.0]["ndcg@10"] == pytest.approx(1 / np.log2(3) / 2)
    assert by_strength[0.0]["category_diversity@10"] == 0 and by_strength[0.0]["coverage@10"] == 10 / 14
    # at 1 one of the other kind (12) comes second, then the lowest place of those as alike as can be
    assert by_strength[1.0]["ndcg@10"] == pytest.approx((1 / np.log2(4) + 1 / np.log2(3)) / 2)
    # one of the other kind makes 9 of 45 pairs unlike
    assert by_strength[1.0]["category_diversity@10"] == pytest.approx(9 / 45)
    assert by_strength[1.0]["embedding_diversity@10"] > by_strength[0.0]["embedding_diversity@10"] == 0


def test_what_a_filter_took_out_does_not_count():
    candidates, adjusted = CANDIDATES.copy(), ADJUSTED.copy()
    candidates[:, 12:], adjusted[:, 12:] = -1, np.nan
    for point in curve(candidates, adjusted)["points"]:
        assert point["coverage@10"] <= 12 / 14 and point["category_diversity@10"] == 0


def test_the_order_is_that_of_the_adjusted_scores():
    adjusted = ADJUSTED.copy()
    adjusted[:, 1] = 5.0
    assert curve(adjusted=adjusted)["points"][0]["ndcg@10"] == pytest.approx(1 / 2)


def test_without_embeddings_or_targets_there_is_none():
    bare = ProductFacts(FACTS.available, FACTS.num_buyers, 20, CATEGORY)
    assert curve(facts=bare) == {}
    assert curve(targets=CodeLists.from_pairs([], [], 3)) == {}
