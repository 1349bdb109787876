"""Rows of candidates: labels by hand and by brute force, and a round trip through tf.Example."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from tfx_bsl.coders import example_coder

from components.candidate_generator.executor import write_examples
from components.candidate_generator.rows import candidate_rows, label_candidates, read_outcomes
from components.interactions.files import SCHEMA
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.served.candidate_features import CANDIDATE_FEATURES
from schema.tensors.transformed import candidate_spec, dense_candidates, read_rows

SIZE = len(CANDIDATE_FEATURES)
FEATURES = FeatureSet(
    users=(
        FeatureColumn(name="town", kind=Kind.CATEGORY),
        FeatureColumn(name="about", kind=Kind.TEXT),
        FeatureColumn(name="vector", kind=Kind.EMBEDDING, dim=2),
    )
)

NAN = float("nan")


def ragged(rows, dtype=tf.int64):
    return tf.RaggedTensor.from_row_lengths(
        tf.constant([value for row in rows for value in row], dtype), [len(row) for row in rows]
    )


def label(index, targets, weights):
    return label_candidates(np.array(index), ragged(targets), ragged(weights, tf.float32)).tolist()


def test_labels_are_the_weights_of_the_targets():
    assert label([[4, 2, 9]], [[9, 4]], [[0.5, 2.0]]) == [[2.0, 0.0, 0.5]]


def test_targets_of_another_query_are_no_labels():
    assert label([[1, 2], [1, 2]], [[1], [2]], [[1.0], [1.0]]) == [[1.0, 0.0], [0.0, 1.0]]


def test_a_query_without_targets_has_no_labels():
    assert label([[1, 2], [1, 2]], [[], [2]], [[], [3.0]]) == [[0.0, 0.0], [0.0, 3.0]]


def test_no_targets_at_all():
    assert label([[1, 2]], [[]], [[]]) == [[0.0, 0.0]]


def test_a_target_that_is_no_known_product_is_no_label():
    # -1 of row 1 must not be taken for the largest product of row 0.
    assert label([[5], [5]], [[0], [-1]], [[1.0], [1.0]]) == [[0.0], [0.0]]


@pytest.mark.parametrize("seed", range(3))
def test_labels_agree_with_brute_force(seed):
    rng = np.random.default_rng(seed)
    index = np.array([rng.permutation(40)[:15] for _ in range(20)])
    targets = [rng.choice(41, rng.integers(0, 8), replace=False) - 1 for _ in range(20)]
    weights = [rng.random(len(row)) + 0.1 for row in targets]
    expected = [
        [dict(zip(row, weight, strict=True)).get(c, 0.0) for c in candidates]
        for candidates, row, weight in zip(index, targets, weights, strict=True)
    ]
    np.testing.assert_allclose(
        label(index, [list(map(int, row)) for row in targets], weights), expected, rtol=1e-6
    )


QUERY = {
    "history_index": [[3, -1, 8, -1], [-1, -1, -1, -1]],
    "history_type": [[0, 1, 0, -1], [-1, -1, -1, -1]],
    "query_time": [100, 200],
    "user_index": [7, -1],
    "user__town": [5, 0],
    "user__about": [[6, 2], [-1, -1]],
}
FLOATS = {
    "history_age": [[9.0, 5.0, 0.5, 0.0], [0.0] * 4],
    "query_embedding": [[0.6, 0.8], [1.0, 0.0]],
    "user__vector": [[0.5, -0.5], [0.0, 0.0]],
}
CANDIDATES = np.array([[8, 1, 3], [1, 2, 3]])
STATISTICS = np.arange(2 * 3 * SIZE, dtype=np.float32).reshape(2, 3, SIZE)


@pytest.fixture
def batch():
    query = {name: tf.constant(value, tf.int64) for name, value in QUERY.items()}
    query |= {name: tf.constant(value, tf.float32) for name, value in FLOATS.items()}
    found = {"candidate_index": tf.constant(CANDIDATES), "candidate_features": tf.constant(STATISTICS)}
    rows = {
        "target_index": ragged([[3, -1], []]),
        "target_weight": ragged([[2.0, 1.0], []], tf.float32),
        "user_id": tf.constant(["ü 1", "new"]),
    }
    return candidate_rows(query, found, rows)


@pytest.fixture
def restored(batch, tmp_path):
    assert write_examples(iter([batch]), tmp_path / "split" / "data.gz") == 2
    (rows,) = read_rows([str(tmp_path / "split" / "*")], candidate_spec(FEATURES))
    return dense_candidates(rows, FEATURES)


def test_candidates_survive(restored):
    assert restored["candidate_index"].numpy().tolist() == CANDIDATES.tolist()
    assert restored["candidate_features"].numpy().tolist() == STATISTICS.tolist()
    assert restored["label"].numpy().tolist() == [[0.0, 0.0, 2.0], [0.0, 0.0, 0.0]]


def test_all_targets_are_counted_also_the_unknown_one(restored):
    assert restored["num_targets"].numpy().tolist() == [2, 0]


def test_histories_survive_but_for_what_is_unknown_at_the_end(restored):
    assert restored["history_index"].numpy().tolist() == [[3, -1, 8], [-1, -1, -1]]
    assert restored["history_age"].numpy().tolist() == [[9.0, 5.0, 0.5], [0.0, 0.0, 0.0]]
    assert restored["history_type"].numpy().tolist() == [[0, 1, 0], [-1, -1, -1]]


@pytest.mark.parametrize("name", ["query_time", "user_index", "user__town", "user__about"])
def test_whole_numbers_of_the_query_survive(restored, name):
    assert restored[name].numpy().tolist() == QUERY[name]


@pytest.mark.parametrize("name", ["query_embedding", "user__vector"])
def test_vectors_of_the_query_survive(restored, name):
    np.testing.assert_allclose(restored[name], FLOATS[name])


def test_users_keep_their_ids(batch):
    records = [tf.train.Example.FromString(text) for text in example_coder.RecordBatchToExamples(batch)]
    ids = [record.features.feature["user_id"].bytes_list.value[0].decode() for record in records]
    assert ids == ["ü 1", "new"]


def test_users_are_sliced_by_their_activity(batch):
    assert batch.to_pydict()["activity"] == [[b"light"], [b"none"]]


def test_a_row_is_written_whole_or_not_at_all(batch, tmp_path):
    def broken():
        yield batch
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        write_examples(broken(), tmp_path / "data.gz")
    assert not (tmp_path / "data.gz").exists()


@pytest.fixture
def directory(tmp_path):
    rows = [
        # user, product, time, type, quantity, rating
        ("u1", "a", 10, "purchase", 2.0, None),
        ("u1", "a", 12, "view", None, 4.0),
        ("u1", "a", 14, "purchase", 3.0, 5.0),
        ("u1", "b", 20, "purchase", 7.0, None),  # the window is over
        ("u1", "b", 9, "purchase", 7.0, None),  # before it
        ("u2", "c", 11, "other", None, 1.0),
        ("u2", "unknown", 11, "purchase", 9.0, 9.0),
    ]
    table = pa.table(
        {
            "user_id": [row[0] for row in rows],
            "product_id": [row[1] for row in rows],
            "occurred_at": [row[2] for row in rows],
            "event_type": [row[3] for row in rows],
            "weight": pa.nulls(len(rows), pa.float32()),
            "quantity": pa.array([row[4] for row in rows], pa.float32()),
            "price": pa.nulls(len(rows), pa.float32()),
            "rating": pa.array([row[5] for row in rows], pa.float32()),
            "basket_id": pa.nulls(len(rows), pa.string()),
        }
    )
    pq.write_table(table.select(SCHEMA.names).cast(SCHEMA), tmp_path / "part-0.parquet")
    return str(tmp_path)


def test_events_of_the_window_are_joined(directory):
    outcomes = read_outcomes(directory, ["a", "b", "c"], ["purchase", "view"], 10, 20)
    found = outcomes.of(np.array([b"u2", b"u1", b"u3"]), np.array([[0, 2], [0, 1], [0, 2]]))
    assert found["label_events"].tolist() == [
        [[0, 0], [0, 0]],  # an event of an unknown type is none of the known ones
        [[1, 1], [0, 0]],
        [[0, 0], [0, 0]],
    ]
    np.testing.assert_array_equal(found["label_quantity"], [[NAN, NAN], [5.0, NAN], [NAN, NAN]])
    np.testing.assert_array_equal(found["label_rating"], [[NAN, 1.0], [4.5, NAN], [NAN, NAN]])


def test_a_window_without_events(directory):
    found = read_outcomes(directory, ["a"], ["purchase"], 100, 200).of(np.array([b"u1"]), np.array([[0]]))
    assert found["label_events"].tolist() == [[[0.0]]]
    assert np.isnan(found["label_rating"]).all() and np.isnan(found["label_quantity"]).all()
