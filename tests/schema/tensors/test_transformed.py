"""Transformed rows are parsed and made dense alike wherever they come from."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from schema import names
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.served.candidate_features import CANDIDATE_FEATURES
from schema.tensors.transformed import (
    availability,
    candidate_spec,
    catalog_spec,
    dense_candidates,
    dense_query,
    dense_query_signature,
    query_spec,
    read_rows,
)

DAY = 86_400
KINDS = (
    FeatureColumn(name="town", kind=Kind.CATEGORY),
    FeatureColumn(name="age", kind=Kind.NUMBER),
    FeatureColumn(name="about", kind=Kind.TEXT),
    FeatureColumn(name="vector", kind=Kind.EMBEDDING, dim=2),
)
FEATURES = FeatureSet(users=KINDS, products=KINDS)
FULL = {
    "user_index": [4],
    "query_time": [10 * DAY],
    "history_index": [7, -1, 9],
    "history_time": [DAY, 8 * DAY, 10 * DAY - DAY // 2],
    "history_type": [0, 1, -1],
    "target_index": [3],
    "target_weight": [1.0],
    "user__town": [5],
    "user__age": [6],
    "user__about": [8, 2],
    "user__vector": [0.5, -1.0],
}
BARE = {"user_index": [-1], "query_time": [5 * DAY]}


def serialise(row):
    features = {}
    for name, values in row.items():
        if isinstance(values[0], float):
            features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=values))
        elif isinstance(values[0], bytes):
            features[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
        else:
            features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def parse(spec, *rows):
    return tf.io.parse_example([serialise(row) for row in rows], spec)


def query(*rows, history_length=None):
    return dense_query(parse(query_spec(FEATURES), *rows), FEATURES, history_length)


def test_histories_are_padded_with_minus_one():
    dense = query(FULL, BARE)
    assert dense["history_index"].numpy().tolist() == [[7, -1, 9], [-1, -1, -1]]
    assert dense["history_type"].numpy().tolist() == [[0, 1, -1], [-1, -1, -1]]


def test_age_is_in_days_before_the_query_and_zero_where_padded():
    assert query(FULL, BARE)["history_age"].numpy().tolist() == [[9.0, 2.0, 0.5], [0.0, 0.0, 0.0]]


def test_an_event_after_the_query_has_no_negative_age():
    late = FULL | {"history_time": [DAY, 8 * DAY, 11 * DAY]}
    assert query(late)["history_age"].numpy().tolist() == [[9.0, 2.0, 0.0]]


def test_the_newest_events_are_kept():
    dense = query(FULL, history_length=2)
    assert dense["history_index"].numpy().tolist() == [[-1, 9]]
    assert dense["history_age"].numpy().tolist() == [[2.0, 0.5]]


def test_a_history_shorter_than_the_length_is_whole():
    assert query(FULL, history_length=64)["history_index"].shape == (1, 3)


def test_a_batch_without_any_history_is_one_event_wide():
    dense = query(BARE, BARE)
    assert dense["history_index"].numpy().tolist() == [[-1], [-1]]
    assert dense["history_age"].numpy().tolist() == [[0.0], [0.0]]


def test_columns_of_users():
    dense = query(FULL)
    assert dense["user__town"].numpy().tolist() == [5]
    assert dense["user__age"].numpy().tolist() == [6]
    assert dense["user__about"].numpy().tolist() == [[8, 2]]
    assert dense["user__vector"].numpy().tolist() == [[0.5, -1.0]]


def test_missing_columns_of_users():
    dense = query(FULL, BARE)
    assert dense["user__town"].numpy().tolist() == [5, 0]
    assert dense["user__age"].numpy().tolist() == [6, 0]
    assert dense["user__about"].numpy().tolist() == [[8, 2], [-1, -1]]
    assert dense["user__vector"].numpy().tolist() == [[0.5, -1.0], [0.0, 0.0]]


def test_sparse_tensors_of_the_graph_give_the_same_as_parsed_rows():
    ragged = parse(query_spec(FEATURES), FULL, BARE)
    sparse = {
        name: value.to_sparse() if isinstance(value, tf.RaggedTensor) else value
        for name, value in ragged.items()
    }
    for name in ("user_index", "query_time"):
        sparse[name] = tf.RaggedTensor.from_tensor(ragged[name][:, tf.newaxis]).to_sparse()
    one, other = dense_query(ragged, FEATURES, 2), dense_query(sparse, FEATURES, 2)
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_targets_are_parsed_only_when_wanted():
    assert names.TARGET_INDEX in query_spec(FEATURES)
    assert names.TARGET_INDEX not in query_spec(FEATURES, with_targets=False)


def test_the_signature_leaves_batch_and_time_open():
    rows = parse(query_spec(FEATURES), FULL)
    specs = dense_query_signature(dense_query(rows, FEATURES, None) | {"target_index": rows["target_index"]})
    shapes = {name: spec.shape.as_list() for name, spec in specs.items()}
    assert shapes == {
        "history_index": [None, None],
        "history_type": [None, None],
        "history_age": [None, None],
        "query_time": [None],
        "user_index": [None],
        "user__town": [None],
        "user__age": [None],
        "user__about": [None, None],
        "user__vector": [None, 2],
    }


def test_products_may_be_recommended_unless_the_catalog_says_no():
    rows = parse(
        catalog_spec(FEATURES),
        {"product_id": [b"a"], "available": [1]},
        {"product_id": [b"b"], "available": [0]},
        {"product_id": [b"c"]},
    )
    assert availability(rows).numpy().tolist() == [True, False, True]


def test_a_product_without_an_index_is_minus_one():
    assert parse(catalog_spec(FEATURES), {"product_id": [b"a"]})["product_index"].numpy().tolist() == [-1]


def test_rows_are_read_in_the_order_of_the_file_names(tmp_path):
    for name, stamps in {"b-1.gz": [3, 4], "a-1.gz": [1, 2]}.items():
        with tf.io.TFRecordWriter(str(tmp_path / name), "GZIP") as writer:
            for stamp in stamps:
                writer.write(serialise(BARE | {"query_time": [stamp]}))
    patterns = [str(tmp_path / "b*"), str(tmp_path / "a*")]
    batches = [rows["query_time"].numpy().tolist() for rows in read_rows(patterns, query_spec(FEATURES), 3)]
    assert batches == [[1, 2, 3], [4]]


@pytest.fixture
def candidates():
    size = len(CANDIDATE_FEATURES)
    row = {
        "user_index": [4],
        "query_time": [10 * DAY],
        "history_index": [7, -1, 9],
        "history_type": [0, 1, 0],
        "history_age": [9.0, 2.0, 0.5],
        "num_targets": [2],
        "candidate_index": [9, 7],
        "candidate_features": [float(number) for number in range(2 * size)],
        "label": [0.0, 1.5],
        "query_embedding": [0.6, 0.8],
        "target_index": [7, -1],
        "user__town": [5],
    }
    bare = row | {"user_index": [-1]}
    for name in ("history_index", "history_type", "history_age"):
        del bare[name]
    return dense_candidates(parse(candidate_spec(FEATURES), row, bare), FEATURES)


def test_features_of_candidates_are_a_row_for_each_candidate(candidates):
    size = len(CANDIDATE_FEATURES)
    expected = [list(range(size)), list(range(size, 2 * size))]
    assert candidates["candidate_features"].numpy()[0].tolist() == expected


def test_candidates_keep_labels_and_query(candidates):
    assert candidates["candidate_index"].numpy().tolist() == [[9, 7], [9, 7]]
    assert candidates["label"].numpy().tolist() == [[0.0, 1.5], [0.0, 1.5]]
    assert candidates["num_targets"].numpy().tolist() == [2, 2]
    assert candidates["user_index"].numpy().tolist() == [4, -1]
    np.testing.assert_allclose(candidates["query_embedding"], [[0.6, 0.8]] * 2)


def test_candidates_keep_an_unknown_product_within_the_history(candidates):
    assert candidates["history_index"].numpy().tolist() == [[7, -1, 9], [-1, -1, -1]]
    assert candidates["history_age"].numpy().tolist() == [[9.0, 2.0, 0.5], [0.0, 0.0, 0.0]]
