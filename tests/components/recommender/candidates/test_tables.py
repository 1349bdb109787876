from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from components.recommender.candidates.similar_users import SimilarUserTables
from components.recommender.candidates.tables import Snapshot, load_tables, save_embeddings


def make_snapshot(seed):
    rng = np.random.default_rng(seed)

    def drawn(kind):
        return {field.name: rng.integers(-1, 4, (4, 2)) for field in dataclasses.fields(kind)}

    return Snapshot(**(drawn(Snapshot) | {"similar_users": SimilarUserTables(**drawn(SimilarUserTables))}))


def arrays(snapshot):
    own = dict(vars(snapshot))
    return own | vars(own.pop("similar_users"))


def test_what_is_saved_is_loaded_cutoff_by_cutoff(tmp_path):
    embeddings, available = np.eye(4, dtype=np.float32), np.array([True, False, True, True])
    groups = np.array([[0, 1], [1, 1], [0, 0], [2, 1]])
    save_embeddings(tmp_path, embeddings, available, groups)
    for stamp in (10, 20):
        make_snapshot(stamp).save(tmp_path, stamp)
    tables = load_tables(tmp_path, 20)
    np.testing.assert_array_equal(tables.embeddings, embeddings)
    np.testing.assert_array_equal(tables.available, available)
    np.testing.assert_array_equal(tables.groups, groups)
    found = arrays(tables.snapshot)
    for name, expected in arrays(make_snapshot(20)).items():
        np.testing.assert_array_equal(found[name], expected)
    assert tables.num_products == 4


def test_another_moment_is_an_error(tmp_path):
    make_snapshot(1).save(tmp_path, 10)
    with pytest.raises(
        ValueError, match=r"no tables of this cutoff\. Received: cutoff=11; it has \['snapshot-10'\]"
    ):
        load_tables(tmp_path, 11)
