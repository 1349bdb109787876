from __future__ import annotations

import numpy as np

from benchmarks.evaluation.embedded import embed


def test_vectors_have_unit_length_and_targets_are_distinct_within_a_user():
    embedded = embed(num_users=40, num_products=60, dim=8, num_targets=5, seed=1)
    for vectors, size in ((embedded.users, 40), (embedded.products, 60)):
        assert vectors.shape == (size, 8)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-6)
    assert set(embedded.rows.tolist()) == set(range(40))
    assert len(np.unique(embedded.rows * 60 + embedded.targets)) == len(embedded.targets)


def test_the_mean_number_of_targets_is_the_one_asked_for():
    embedded = embed(num_users=2000, num_products=100, dim=4, num_targets=15, seed=1)
    assert abs(len(embedded.rows) / 2000 - 15) < 0.7
