"""Weights find their place in a new model by the names of attributes."""

import numpy as np
import pytest

from trainer.shared.assets import write_arrays
from trainer.shared.tables import TableRows
from trainer.shared.weights import (
    UnfitWeightsError,
    carried_over,
    read_weights,
    values_of,
    weights_of,
)

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)


class Small(tf.keras.Model):
    """A table in a dictionary, and a layer."""

    def __init__(self, rows, units):
        super().__init__()
        self.tables = {"a/b": tf.keras.layers.Embedding(rows, 2)}
        self.score = tf.keras.layers.Dense(units, use_bias=False)

    def call(self, inputs):
        return self.score(self.tables["a/b"](inputs))


class Reversed:
    """Two vocabularies of which one is the other one backwards."""

    def carry(self, rows, trained, initial):
        del rows, initial
        return trained[::-1]


def built(rows=3, units=1):
    model = Small(rows, units)
    model(tf.constant([0]))
    return model


def test_weights_survive_a_file(tmp_path):
    model = built()
    write_arrays(weights_of(model), str(tmp_path / "assets.extra" / "weights.npz"))
    found = read_weights(str(tmp_path / "assets.extra" / "weights.npz"))
    assert set(found) == {"tables/a/b/embeddings", "score/kernel"}
    np.testing.assert_array_equal(found["score/kernel"], model.score.kernel.numpy())


def test_tables_are_carried_over_and_the_rest_is_copied():
    trained, new = weights_of(built()), built()
    tables = {"tables/a/b/embeddings": TableRows("v")}
    values = carried_over(trained, new, tables, Reversed())
    by_name = dict(zip([variable.name for variable in new.trainable_variables], values, strict=True))
    assert len(values) == len(values_of(new)) == 2
    (table,) = (value for name, value in by_name.items() if "embedding" in name)
    (kernel,) = (value for name, value in by_name.items() if "kernel" in name)
    np.testing.assert_array_equal(table, trained["tables/a/b/embeddings"][::-1])
    np.testing.assert_array_equal(kernel, trained["score/kernel"])


@pytest.mark.parametrize(
    ("trained", "match"),
    [
        ({"score/kernel": np.zeros((2, 1))}, "they have no `tables/a/b/embeddings`"),
        (
            {"score/kernel": np.zeros((2, 4)), "tables/a/b/embeddings": np.zeros((3, 2))},
            r"`score/kernel` has the shape \[2, 4\] and would have to have \[2, 1\]",
        ),
        (
            {"score/kernel": np.zeros((2, 1)), "tables/a/b/embeddings": np.zeros((3, 5))},
            r"`tables/a/b/embeddings` has the shape \[3, 5\]",
        ),
    ],
)
def test_weights_of_another_model_are_refused(trained, match):
    with pytest.raises(UnfitWeightsError, match=match):
        carried_over(trained, built(), {"tables/a/b/embeddings": TableRows("v")}, Reversed())


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UnfitWeightsError, match=r"weights\.npz is not beside the model"):
        read_weights(str(tmp_path / "weights.npz"))
