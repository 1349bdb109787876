"""Lists reordered outside the graph."""

import numpy as np

from components.recommender.post_ranking.reordering import reordered


def test_reordering_prefers_what_is_unlike():
    # two directions: products 0 to 2 are alike, 3 is not
    embeddings = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], np.float32)
    nothing = np.zeros((4, 0, 1), np.int64)
    heads = np.array([[0, 1, 2, 3], [3, 0, 1, 2]])
    scores = np.array([[4.0, 3.0, 2.0, 1.0]] * 2)
    assert reordered(heads, scores, embeddings, nothing, 0.0, "mmr", 3).tolist() == [[0, 1, 2], [0, 1, 2]]
    # at 0.9, after the first: an alike one has at most 0.1 * 2/3 - 0.9, the other 0.1 * 0 - 0.9 / 2
    assert reordered(heads, scores, embeddings, nothing, 0.9, "mmr", 2).tolist() == [[0, 3], [0, 1]]
    assert reordered(heads[:0], scores[:0], embeddings, nothing, 0.9, "mmr", 2).shape == (0, 2)
    # who leads by far is not passed: at 0.4, 0.6 * 0.99 - 0.4 against 0.6 * 0 - 0.4 / 2
    far = np.array([[100.0, 99.0, 98.0, 0.0], [4.0, 3.0, 2.0, 1.0]])
    assert reordered(heads, far, embeddings, nothing, 0.4, "mmr", 2).tolist()[0] == [0, 1]
