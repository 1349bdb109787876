"""Raw examples back into queries."""

import numpy as np
import pytest
import tensorflow as tf

from components.evaluation.examples import catalogue, flat_texts, queries, read_split
from schema.features import FeatureColumn, FeatureSet

FEATURES = FeatureSet(
    users=(
        FeatureColumn(name="town", kind="category"),
        FeatureColumn(name="age", kind="number"),
        FeatureColumn(name="taste", kind="embedding", dim=2),
        FeatureColumn(name="note", kind="ignore"),
    )
)


def feature(values):
    if values and isinstance(values[0], str):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode() for value in values]))
    if values and isinstance(values[0], float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def write(path, rows, compression=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for row in rows:
            example = tf.train.Example()
            for name, values in row.items():
                example.features.feature[name].CopyFrom(feature(values))
            writer.write(example.SerializeToString())


@pytest.fixture
def uri(tmp_path):
    first = {
        "user_id": ["ü 1"],
        "query_time": [500],
        "history_product_id": ["007", "b"],
        "history_time": [1, 2],
        "history_event_type": ["purchase", "view"],
        "target_product_id": ["b", "c"],
        "user__town": ["Köln"],
        "user__age": [41.0],
        "user__taste": [0.5, -1.0],
    }
    second = {"user_id": ["'2'"], "query_time": [500], "target_product_id": ["007"]}
    write(tmp_path / "Split-test" / "data_tfrecord-00000-of-00002.gz", [first], "GZIP")
    write(tmp_path / "Split-test" / "data_tfrecord-00001-of-00002", [second])
    write(
        tmp_path / "Split-catalog" / "data",
        [{"product_id": ["007"], "available": [0]}, {"product_id": ["b"]}],
    )
    return str(tmp_path)


def test_rows_become_the_queries_of_a_client(uri):
    first, second = queries(read_split(uri, "test"), FEATURES)
    assert (first.user_id, first.query_time, list(first.product_ids)) == ("ü 1", 500, ["007", "b"])
    assert list(first.times) == [1, 2] and list(first.event_types) == ["purchase", "view"]
    assert first.features == {"town": "Köln", "age": 41.0, "taste": [0.5, -1.0]}
    assert second.user_id == "'2'" and list(second.product_ids) == []
    assert second.features == {"town": None, "age": None, "taste": None}


def test_flat_texts_name_their_rows(uri):
    rows, values = flat_texts(read_split(uri, "test"), "target_product_id")
    assert rows.tolist() == [0, 0, 1] and values.to_pylist() == ["b", "c", "007"]
    rows, values = flat_texts(read_split(uri, "test"), "no_such_column")
    assert len(rows) == len(values) == 0


def test_catalogue_knows_what_is_available(uri):
    ids, available = catalogue(read_split(uri, "catalog"))
    assert ids.to_pylist() == ["007", "b"]
    assert available.tolist() == [False, True]
    table = read_split(uri, "catalog").drop_columns(["available"])
    assert np.all(catalogue(table)[1])


def test_a_missing_split_is_named(uri):
    with pytest.raises(ValueError, match="Split-eval"):
        read_split(uri, "eval")
