"""Coverage, novelty, diversity, popularity bias and calibration against values worked out by hand."""

import numpy as np
import pytest

from components.evaluation.beyond_accuracy import (
    ProductFacts,
    category_diversity,
    coverage,
    embedding_diversity,
    gini,
    list_scores,
    miscalibration,
    novelty,
    popularity_lift,
)
from components.evaluation.lists import CodeLists

# Six products: bought by 8, 4, 2, 1, 0 and 0 of 8 users, in three categories, the last without one.
FACTS = ProductFacts(
    available=np.array([True, True, True, True, True, False]),
    num_buyers=np.array([8, 4, 2, 1, 0, 0]),
    num_users=8,
    category=np.array([0, 0, 1, 1, 2, -1]),
    category_column="department",
    embeddings=np.array([[1, 0], [2, 0], [0, 1], [0, -3], [1, 1], [0, 0]], np.float32),
)


def test_coverage_counts_distinct_products_of_the_first_places():
    ranked = np.array([[0, 1, 9], [1, 2, 8], [1, -1, 7]])
    assert coverage(ranked, 10, 2) == 0.3
    assert coverage(np.zeros((0, 10), int), 10, 10) == 0.0


def test_gini_of_one_product_for_all_and_of_equal_shares():
    available = np.ones(4, np.bool_)
    # Counts 0, 0, 0, 3: (2 * 4 - 4 - 1) * 3 / (4 * 3) = 3/4, the most that four products can have.
    assert gini(np.array([[2], [2], [2]]), available, 1) == pytest.approx(3 / 4)
    assert gini(np.array([[0, 1], [2, 3]]), available, 2) == pytest.approx(0)
    # Counts 0, 1, 1, 2: (-1 + 1 + 3 * 2) / (4 * 4) = 6/16.
    assert gini(np.array([[0, 1], [0, 2]]), available, 2) == pytest.approx(6 / 16)
    # A product that may not be recommended is none of those that could have been shown.
    assert gini(np.array([[0], [1]]), np.array([True, True, False]), 1) == pytest.approx(0)
    assert np.isnan(gini(np.array([[-1]]), available, 1))


def test_novelty_is_in_bits_of_surprise():
    # log2(8/8) = 0, log2(8/4) = 1, log2(8/2) = 2; nobody's product counts as one buyer's: log2(8) = 3.
    found = novelty(np.array([[0, 1], [2, 4], [0, -1], [-1, -1]]), FACTS)
    np.testing.assert_allclose(found, [0.5, 2.5, 0, np.nan])


def test_popularity_lift_is_relative_to_the_own_products():
    purchased = CodeLists.from_pairs([0, 0, 1], [1, 2, 3], 3)
    # Lists of mean popularity 6, 0.5 and 8; the histories have 3 and 1; the third user has none.
    found = popularity_lift(np.array([[0, 1], [3, 4], [0, 0]]), FACTS, purchased)
    np.testing.assert_allclose(found, [6 / 3 - 1, 0.5 / 1 - 1, np.nan])


def test_category_diversity_is_the_share_of_unlike_pairs():
    ranked = np.array([[0, 1, 2], [0, 2, 4], [0, 1, -1], [5, 5, 0], [3, -1, -1]])
    # One of three pairs is alike; none of three; the only one; unknown categories differ from all.
    np.testing.assert_allclose(category_diversity(ranked, FACTS.category), [2 / 3, 1, 0, 1, np.nan])


def test_embedding_diversity_does_not_depend_on_lengths():
    ranked = np.array([[0, 1, -1], [0, 2, -1], [2, 3, -1], [0, 4, 2], [1, -1, -1]])
    # Cosines: 1; 0; -1; and 1/sqrt(2), 0, 1/sqrt(2) of three pairs.
    expected = [0, 1, 2, 1 - 2 / np.sqrt(2) / 3, np.nan]
    np.testing.assert_allclose(embedding_diversity(ranked, FACTS.embeddings), expected, atol=1e-6)


def test_miscalibration_of_a_mix():
    purchased = CodeLists.from_pairs([0, 0, 1, 1, 2], [0, 2, 0, 2, 0], 4)
    ranked = np.array([[1, 3], [0, 1], [4, 4], [0, 1]])
    # User 0: half and half, as the list. User 1: half and half, the list 1 and 0: with q' = 0.99 q + 0.01 p
    # .5 log(.5 / .995) + .5 log(.5 / .005). User 2: nothing of the user's: log(1 / 0.01). User 3: no history.
    expected = [0, 0.5 * np.log(0.5 / 0.995) + 0.5 * np.log(0.5 / 0.005), np.log(100), np.nan]
    np.testing.assert_allclose(miscalibration(ranked, FACTS.category, purchased), expected, atol=1e-12)


def test_products_without_a_category_say_nothing_of_a_mix():
    purchased = CodeLists.from_pairs([0, 0, 1], [0, 5, 5], 2)
    found = miscalibration(np.array([[1, 5], [0, 1]]), FACTS.category, purchased)
    np.testing.assert_allclose(found, [0, np.nan], atol=1e-12)


def test_only_what_the_facts_allow_is_measured():
    purchased = CodeLists.from_pairs([0], [0], 1)
    every = {"novelty", "popularity_lift", "category_diversity", "miscalibration", "embedding_diversity"}
    assert set(list_scores(np.array([[0, 1, 2]]), FACTS, purchased, 2)) == {f"{name}@2" for name in every}
    bare = ProductFacts(FACTS.available, FACTS.num_buyers, 8, np.full(6, -1))
    scores = list_scores(np.array([[0, 1, 2]]), bare, purchased, 2)
    assert scores.keys() == {"novelty@2", "popularity_lift@2"}
    np.testing.assert_allclose(scores["novelty@2"], [0.5])  # the third place does not count
