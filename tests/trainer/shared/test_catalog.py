"""The product table: rows in any order and in many batches become columns in the order of indices."""

from __future__ import annotations

import numpy as np
import pytest

from schema.features import FeatureColumn, FeatureSet, Kind
from trainer.shared.catalog import (
    MAX_WORDS_OF_A_TEXT,
    as_constants,
    level_columns,
    read_product_table,
    vocabulary_size,
)

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

FEATURES = FeatureSet(
    products=(
        FeatureColumn(name="colour", kind=Kind.CATEGORY),
        FeatureColumn(name="price", kind=Kind.NUMBER),
        FeatureColumn(name="title", kind=Kind.TEXT),
        FeatureColumn(name="vector", kind=Kind.EMBEDDING, dim=2),
        FeatureColumn(name="note", kind=Kind.IGNORE),
    )
)
ROWS = [
    {
        "product_index": [2],
        "product__colour": [5],
        "product__price": [3],
        "product__title": [7],
        "available": [0],
    },
    {"product_index": [-1], "product__colour": [9]},
    {
        "product_index": [0],
        "product__title": list(range(40)),
        "product__vector": [0.5, 1.5],
        "available": [1],
    },
    {"product_index": [1], "product__colour": [4], "product__vector": [2.5, 3.5]},
]


@pytest.fixture
def write(tmp_path):
    def run(rows, features=FEATURES):
        for number, row in enumerate(rows):
            message = tf.train.Example()
            for name, values in row.items():
                floats = isinstance(values[0], float)
                feature = message.features.feature[name]
                (feature.float_list if floats else feature.int64_list).value.extend(values)
            with tf.io.TFRecordWriter(str(tmp_path / f"data-{number:05d}.gz"), "GZIP") as writer:
                writer.write(message.SerializeToString())
        return read_product_table([str(tmp_path / "*.gz")], features)

    return run


def test_products_are_in_the_order_of_their_indices(write):
    table = write(ROWS)
    assert table.size == 3
    assert table.categories["product__colour"].tolist() == [0, 4, 5]
    assert table.categories["product__price"].tolist() == [0, 0, 3]


def test_products_without_a_flag_are_available(write):
    assert write(ROWS).available.tolist() == [True, True, False]


def test_texts_have_one_width(write):
    title = write(ROWS).texts["product__title"]
    assert title.shape == (3, MAX_WORDS_OF_A_TEXT)
    assert title[0].tolist() == list(range(MAX_WORDS_OF_A_TEXT))
    assert title[1].tolist() == [-1] * MAX_WORDS_OF_A_TEXT
    assert title[2].tolist() == [7] + [-1] * (MAX_WORDS_OF_A_TEXT - 1)


def test_sets_are_as_wide_as_the_largest_and_paths_have_levels(write):
    columns = (
        FeatureColumn(name="tags", kind=Kind.SET),
        FeatureColumn(name="path", kind=Kind.HIERARCHY, levels="/"),
        FeatureColumn(name="paths", kind=Kind.HIERARCHY, levels="/", separator=","),
    )
    features = FeatureSet(products=columns)
    table = write(
        [
            {"product_index": [1], "product__tags": [5, 2], "product__path": [2, 4, 6]},
            {"product_index": [0], "product__path": [2, 3], "product__paths": [7, 8]},
            {"product_index": [2], "product__tags": [3]},
        ],
        features,
    )
    assert table.sets["product__tags"].tolist() == [[-1, -1], [5, 2], [3, -1]]
    levels = level_columns(table, features.product_columns())
    assert {name: index.tolist() for name, index in levels.items()} == {
        "product__path__level_1": [2, 2, 0],
        "product__path__level_2": [3, 4, 0],
        "product__path__level_3": [0, 6, 0],
    }


def test_missing_vectors_are_zeros(write):
    assert write(ROWS).embeddings["product__vector"].tolist() == [[0.5, 1.5], [2.5, 3.5], [0.0, 0.0]]


def test_a_catalog_without_features(write):
    table = write(ROWS, FeatureSet())
    assert (table.size, table.categories, table.texts, table.embeddings) == (3, {}, {}, {})


def test_an_empty_catalog_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"The catalog split is empty\. Received: patterns="):
        read_product_table([str(tmp_path / "*")], FEATURES)


@pytest.mark.parametrize(("indices", "size"), [([0, 3, 1], 4), ([-1, -1], 1), ([], 1)])
def test_vocabulary_size(indices, size):
    assert vocabulary_size(np.array(indices, np.int64)) == size


def test_columns_become_tensors():
    assert as_constants({"a": np.array([1, 2])})["a"].numpy().tolist() == [1, 2]
