"""Variables of a saved model that are exchanged while it is loaded."""

import numpy as np
import pytest
import tensorflow as tf

from serving.model.signatures import load_model


class Shop(tf.Module):
    def __init__(self):
        super().__init__()
        self.inner = tf.Module()
        self.inner.hidden = tf.Variable([True, False, False], trainable=False)
        self.fill = tf.Variable(tf.constant([5, 6, 7], tf.int64), trainable=False)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64)])
    def visible(self, index):
        return {"visible": ~tf.gather(self.inner.hidden, index), "fill": tf.gather(self.fill, index)}


@pytest.fixture
def loaded(tmp_path):
    shop = Shop()
    tf.saved_model.save(shop, str(tmp_path), signatures={"visible": shop.visible})
    return load_model(tmp_path, one_thread=True)


def test_calls_read_what_was_put(loaded):
    call = loaded.signatures["visible"]
    assert "inner/hidden" in loaded.tables and "fill" in loaded.tables and "nothing" not in loaded.tables
    assert loaded.tables.read("inner/hidden").tolist() == [True, False, False]
    assert call({"index": [0, 1]})["visible"].tolist() == [False, True]
    for wanted in ([False, True, False], [True, True, True]):
        loaded.tables.put({"inner/hidden": np.array(wanted)})
        assert call({"index": [0, 1, 2]})["visible"].tolist() == [not value for value in wanted]
    loaded.tables.put({"fill": np.array([1, 2, 3]), "inner/hidden": np.array([True, False, False])})
    assert call({"index": [0, 2]})["fill"].tolist() == [1, 3]
    assert loaded.tables.read("inner/hidden").tolist() == [True, False, False]


def test_what_was_saved_is_told_whatever_was_put_since(loaded):
    loaded.tables.put({"fill": np.array([1, 2, 3])})
    assert loaded.tables.stored("fill").tolist() == [5, 6, 7]
    assert loaded.tables.stored("inner/hidden").tolist() == [True, False, False]


def test_another_shape_is_refused(loaded):
    with pytest.raises(ValueError, match="shape"):
        loaded.tables.put({"fill": np.array([1, 2])})
