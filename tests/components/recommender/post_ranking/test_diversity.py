"""Diversity on lists whose best order can be reckoned."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from components.recommender.post_ranking.diversity import dpp, kernel, mmr, relevance_by_rank
from schema.tensors.in_graph import in_graph

RELEVANCE = np.array([[1.0, 0.9, 0.5, 0.1]], np.float32)
LIKENESS = np.array(
    [[[1.0, 0.9, 0.1, 0.2], [0.9, 1.0, 0.2, 0.1], [0.1, 0.2, 1.0, 0.3], [0.2, 0.1, 0.3, 1.0]]], np.float32
)


def chosen(method, strength, count=3):
    traced = in_graph(lambda: method(tf.constant(RELEVANCE), tf.constant(LIKENESS), strength, count))
    return traced().numpy()[0].tolist()


def test_likeness_is_the_mean_of_cosine_and_equal_categories():
    embeddings = np.array([[[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]], np.float32)
    categories = np.array([[[1, 5], [1, 6], [-1, -1]]], np.int64)
    # cosines 1, 0, -1 become 1, 1/2, 0; of two categories the first pair shares one, the third none
    expected = [[1.0, (0.5 + 0.5) / 2, 0.0], [0.5, 1.0, 0.25], [0.0, 0.25, 0.5]]
    assert kernel(embeddings, categories[..., np.newaxis]).numpy()[0] == pytest.approx(np.array(expected))
    plain = kernel(embeddings, categories[..., :0, np.newaxis]).numpy()[0]
    assert plain == pytest.approx(np.array([[1, 0.5, 0], [0.5, 1, 0.5], [0, 0.5, 1]]))


def test_sets_are_as_alike_as_the_share_of_what_they_have_in_common():
    embeddings = np.tile(np.array([[[0.0, 1.0]]], np.float32), (1, 4, 1))  # cosine 1 everywhere
    # a category in the first slot, and the tags {1, 2, 3}, {2, 3, 4}, {3} and none
    tags = [[1, 2, 3], [4, 3, 2], [3, -1, -1], [-1, -1, -1]]
    category = [[7, -1, -1], [7, -1, -1], [8, -1, -1], [-1, -1, -1]]
    categories = np.stack([category, tags], axis=1)[np.newaxis]
    # 2 of 4 tags are common to the first two, 1 of 3 to the first and the third
    shared = np.array([[2, 1 + 2 / 4, 1 / 3, 0], [1.5, 2, 1 / 3, 0], [1 / 3, 1 / 3, 2, 0], [0, 0, 0, 0]]) / 2
    assert kernel(embeddings, categories).numpy()[0] == pytest.approx((1 + shared) / 2)


def test_relevance_falls_as_the_scores_do():
    scores = tf.constant([[1.0, 5.0, 4.0, -1e30], [3.0, 3.0, 3.0, 3.0], [0.0, 1.0, 10.0, 9.0]])
    # 5, 4, 1 are 1, 3/4, 0 and what is filtered has none; equal ones have none either
    expected = np.array([[1, 0.75, 0, 0], [0, 0, 0, 0], [1, 0.9, 0.1, 0]])
    assert relevance_by_rank(scores, 4).numpy() == pytest.approx(expected)
    assert relevance_by_rank(scores, 2).numpy()[0] == pytest.approx([1, 0])


@pytest.mark.parametrize("method", [mmr, dpp])
def test_without_strength_the_order_is_that_of_relevance(method):
    assert chosen(method, 0.0, 4) == [0, 1, 2, 3]


def test_mmr_by_hand():
    # after 0, at 0.5: 1 has (0.9 - 0.9) / 2 = 0, 2 has (0.5 - 0.1) / 2 = 0.2, 3 less than 0; then 1 is left
    assert chosen(mmr, 0.5) == [0, 2, 1]
    # at 1 the least alike counts: after 0 (all 0 at first) 2 (0.1); then 3 (0.3) before 1 (0.9)
    assert chosen(mmr, 1.0) == [0, 2, 3]


@pytest.mark.parametrize("strength", [0.3, 0.5, 0.8, 1.0])
def test_dpp_adds_what_makes_the_determinant_grow_most(strength):
    """Against determinants themselves, which the fast search never forms."""
    quality = np.exp(RELEVANCE[0].astype(float) * (1 - strength) / strength)
    full = quality[:, None] * LIKENESS[0].astype(float) * quality[None, :]
    expected: list[int] = []
    for _ in range(3):
        others = [item for item in range(4) if item not in expected]
        expected.append(
            max(others, key=lambda item: np.linalg.det(full[np.ix_([*expected, item], [*expected, item])]))
        )
    assert chosen(dpp, strength) == expected


def test_the_methods_differ_somewhere():
    assert any(chosen(mmr, s) != chosen(dpp, s) for s in np.linspace(0.05, 0.95, 19).tolist())
    assert len(set(itertools.chain(chosen(mmr, 0.7, 4)))) == 4
