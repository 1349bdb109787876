"""Signatures of small SavedModels."""

import gc
import threading
import weakref

import numpy as np
import pytest

from serving.model.signatures import load_model

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


class Shapes(tf.Module):
    """`double` and `square` have a table and a variable; `thread` tells who computes."""

    def __init__(self):
        super().__init__()
        self.factor = tf.Variable([2.0, 3.0])
        keys = tf.lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([0, 1], tf.int64))
        self.table = tf.lookup.StaticHashTable(keys, -1)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "name")])
    def double(self, name):
        place = self.table.lookup(name)
        return {"place": place, "factor": 2.0 * tf.gather(self.factor, tf.maximum(place, 0))}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "value")])
    def square(self, value):
        side = tf.cast(tf.sqrt(tf.cast(tf.size(value), tf.float32)), tf.int32)
        return {"matrix": tf.reshape(value, [side, side])}

    @tf.function(input_signature=[tf.TensorSpec([], tf.int64, "number")])
    def thread(self, number):
        return {"ident": tf.numpy_function(lambda _: np.int64(threading.get_ident()), [number], tf.int64)}


@pytest.fixture(scope="module")
def shapes():
    return Shapes()


@pytest.fixture(scope="module")
def folder(shapes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    names = ("double", "square", "thread")
    tf.saved_model.save(shapes, str(folder), {name: getattr(shapes, name) for name in names})
    return folder


@pytest.fixture(scope="module")
def signatures(folder):
    return load_model(folder, one_thread=False).signatures


def test_names_types_and_shapes_are_those_of_the_model(signatures):
    assert set(signatures) == {"double", "square", "thread"}
    assert signatures["double"].inputs == {"name": tf.TensorSpec([None], tf.string, "name")}
    assert set(signatures["double"].outputs) == {"place", "factor"}


def test_tables_and_variables_are_there(signatures):
    found = signatures["double"]({"name": ["b", "a", "neither"]})
    assert found["place"].tolist() == [1, 0, -1]
    assert found["factor"].tolist() == [6.0, 4.0, 4.0]


def test_values_take_the_type_of_the_input(signatures):
    assert signatures["square"]({"value": [1, 2, 3, 4]})["matrix"].tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_what_the_model_refuses_is_told_in_the_words_of_the_operation(signatures):
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        signatures["square"]({"value": [1.0, 2.0, 3.0]})
    assert "3 values" in caught.value.message.partition("\n")[0]


@pytest.mark.parametrize(
    ("inputs", "error", "told"),
    [
        ({"value": 1.0}, ValueError, "`value` must have the shape"),
        ({"value": [[1.0]]}, ValueError, r"Received: \(1, 1\)"),
        ({}, KeyError, "value"),
        ({"value": [1.0], "other": 1}, KeyError, "other"),
    ],
)
def test_what_does_not_fit_an_input_is_refused(signatures, inputs, error, told):
    with pytest.raises(error, match=told):
        signatures["square"](inputs)


@pytest.mark.parametrize("one_thread", [True, False])
def test_the_thread_that_asks_computes(folder, one_thread):
    thread = load_model(folder, one_thread).signatures["thread"]
    seen = {}

    def ask(number):
        seen[number] = (int(thread({"number": number})["ident"]), threading.get_ident())

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(seen) == 3 and all(computed == asked for computed, asked in seen.values())


def test_the_memory_is_given_back_with_the_last_signature(folder):
    loaded = load_model(folder, one_thread=True).signatures
    session = weakref.ref(loaded["double"].session)
    kept = loaded.pop("double")
    del loaded
    gc.collect()
    assert kept({"name": ["a"]})["place"].tolist() == [0]
    del kept
    gc.collect()
    assert session() is None
