"""Histories of requests against what `dense_query` makes of the same rows."""

from __future__ import annotations

import numpy as np
import pytest

from components.recommender.request import RequestHistories, raw_request
from schema.features import FeatureSet
from schema.tensors.transformed import dense_query

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

NOW = 10 * 86_400
# Product, day and type of each event; the empty string pads, also within a history.
ROWS = [
    [("3", 1, "0"), ("5", 2, "1"), ("4", 4, "0"), ("9", 9, "0")],
    [("7", 3, "1"), ("", 0, ""), ("8", 20, "0"), ("", 0, "")],
    [("", 0, "")] * 4,
]
KEPT = [[event for event in row if event[0]] for row in ROWS]


def request(rows):
    products, days, kinds = (np.array([[event[part] for event in row] for row in rows]) for part in range(3))
    return {
        "user_id": tf.constant([""] * len(rows)),
        "query_time": tf.constant([NOW] * len(rows), tf.int64),
        "history_product_id": tf.constant(products),
        "history_time": tf.constant(days * 86_400, tf.int64),
        "history_event_type": tf.constant(kinds),
    }


def transformed(raw):
    """Stands for the transform graph: the text of a product is its index."""

    def number(texts):
        digits = tf.where(texts.values == "", "-1", texts.values)
        return texts.with_values(tf.strings.to_number(digits, tf.int64))

    return {
        "history_index": number(raw["history_product_id"]),
        "history_type": number(raw["history_event_type"]),
        "history_time": raw["history_time"],
    }


@pytest.mark.parametrize("count", [1, 2, 3, 4, 9, None])
def test_the_newest_events_are_those_of_the_dense_query(count):
    inputs = request(ROWS)
    found = RequestHistories(inputs, transformed(raw_request(inputs, FeatureSet()))).newest(count)
    ragged = {
        name: tf.ragged.constant([[cast(event[part]) for event in row] for row in KEPT], tf.int64)
        for name, part, cast in (
            ("history_index", 0, int),
            ("history_time", 1, lambda day: day * 86_400),
            ("history_type", 2, int),
        )
    }
    scalars = {"query_time": inputs["query_time"], "user_index": tf.zeros([3], tf.int64)}
    expected = dense_query(ragged | scalars, FeatureSet(), count)
    width = expected["history_index"].shape[1]
    for name, values in found.items():
        np.testing.assert_array_equal(values[:, :width], expected[name], err_msg=name)
    assert (found["history_index"][:, width:].numpy() == -1).all()


def test_a_request_without_any_place():
    inputs = {name: value[:, :0] if value.shape.rank == 2 else value for name, value in request(ROWS).items()}
    found = RequestHistories(inputs, transformed(raw_request(inputs, FeatureSet()))).newest(2)
    assert {name: value.numpy().tolist() for name, value in found.items()} == {
        "history_index": [[-1]] * 3,
        "history_age": [[0.0]] * 3,
        "history_type": [[-1]] * 3,
    }
