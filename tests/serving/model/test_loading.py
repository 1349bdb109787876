"""A part of a SavedModel answers as the whole does."""

import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from serving.model.loading import part_of
from serving.model.signatures import load_model


class Shop(tf.Module):
    """`place` reads a table of a file, `factor` a variable; both call a function of their own."""

    def __init__(self, vocabulary):
        super().__init__()
        file = tf.lookup.TextFileInitializer(
            str(vocabulary),
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        )
        self.table = tf.lookup.StaticHashTable(file, -1)
        self.factor = tf.Variable([2.0, 3.0])
        self.unused = tf.function(lambda value: value + 41.0)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "name")])
    def place(self, name):
        return {"place": tf.map_fn(self.table.lookup, name, fn_output_signature=tf.int64)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "value")])
    def times(self, value):
        return {
            "times": tf.cond(
                tf.size(value) > 1, lambda: value * self.factor[1], lambda: value * self.factor[0]
            )
        }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    vocabulary = folder / "names.txt"
    vocabulary.write_text("a\nb\n")
    shop = Shop(vocabulary)
    shop.unused(tf.constant(1.0))
    tf.saved_model.save(shop, str(folder / "1"), {"place": shop.place, "times": shop.times})
    vocabulary.unlink()  # what is read is the copy within the model
    return folder / "1"


def whole_of(folder):
    model = saved_model_pb2.SavedModel()
    model.ParseFromString((folder / "saved_model.pb").read_bytes())
    return model.meta_graphs[0]


def test_all_signatures_are_loaded_by_default(folder):
    signatures = load_model(folder, one_thread=True).signatures
    assert set(signatures) == {"place", "times"}
    assert signatures["place"]({"name": ["b", "c", "a"]})["place"].tolist() == [1, -1, 0]
    assert signatures["times"]({"value": [1.0, 2.0]})["times"].tolist() == [3.0, 6.0]


@pytest.mark.parametrize(
    ("only", "inputs", "output", "expected"),
    [
        (("place", "times"), {"name": ["b"]}, "place", [1]),
        (("absent", "times"), {"value": [5.0]}, "times", [10.0]),
    ],
)
def test_the_first_signature_that_there_is_answers_alone(folder, only, inputs, output, expected):
    loaded = load_model(folder, True, only)
    (signature,) = loaded.signatures.values()
    assert signature(inputs)[output].tolist() == expected


def test_tables_can_be_exchanged_in_a_part(folder):
    loaded = load_model(folder, True, ("times",))
    loaded.tables.put({"factor": [7.0, 8.0]})
    assert loaded.signatures["times"]({"value": [1.0]})["times"].tolist() == [7.0]


def test_a_model_without_any_of_them_has_no_signature(folder):
    assert load_model(folder, True, ("absent",)).signatures == {}


def test_what_nobody_asks_for_is_left_out(folder):
    whole = whole_of(folder)
    functions = {function.signature.name for function in whole.graph_def.library.function}
    part = part_of(whole, {"times", "__saved_model_init_op"})
    left = {function.signature.name for function in part.graph_def.library.function}
    assert left < functions
    assert not [name for name in left if "place" in name]
    assert set(part.signature_def) == {"times", "__saved_model_init_op"}
    assert {node.name for node in part.graph_def.node} < {node.name for node in whole.graph_def.node}
    assert set(whole.signature_def) == {"place", "times", "__saved_model_init_op"}  # which stays as it was
