"""Fitting keeps the weights of the best epoch and knows when to stop."""

from __future__ import annotations

import json

import pytest

from schema.errors import PipelineRefusedError
from trainer.shared.fitting import Epoch, fit_again, fit_best, read_best_epoch, write_curve

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)
import numpy as np


class Counter(tf.keras.Model):
    """Its one weight is the number of epochs trained; it notes the learning rate of each."""

    def __init__(self):
        super().__init__()
        self.weight = self.add_weight(name="weight", shape=[], initializer="zeros")
        self.rates = []

    def call(self, inputs):
        return inputs + self.weight

    def train_step(self, data):
        del data
        self.weight.assign_add(1.0)
        self.rates.append(float(self.optimizer.learning_rate))
        return {"loss": self.weight * 10.0}


def fit(metrics, num_epochs, patience=2):
    model = Counter()
    model.compile(optimizer=tf.keras.optimizers.SGD(0.5), run_eagerly=True)
    batches = tf.data.Dataset.from_tensors(tf.zeros([1, 1]))
    seen = []

    def evaluate():
        seen.append(float(model.weight))
        return metrics[len(seen) - 1]

    curve = fit_best(model, batches, num_epochs, evaluate, patience)
    return model, curve


def test_the_best_epoch_is_kept():
    model, _ = fit([0.1, 0.9, 0.5, 0.6], 4, patience=9)
    assert float(model.weight) == 2.0


def test_the_first_of_equal_epochs_is_kept():
    model, _ = fit([0.9, 0.9, 0.9], 3, patience=9)
    assert float(model.weight) == 1.0


def test_it_stops_once_the_metric_has_not_risen_for_long():
    model, curve = fit([0.1, 0.5, 0.4, 0.3, 0.9], 5, patience=2)
    assert [row.epoch for row in curve] == [1, 2, 3, 4]
    assert float(model.weight) == 2.0


def test_it_goes_on_while_the_metric_rises():
    model, curve = fit([0.1, 0.2, 0.3, 0.4, 0.5], 5, patience=1)
    assert len(curve) == 5
    assert float(model.weight) == 5.0


def test_the_curve_has_losses_and_metrics():
    _, curve = fit([0.1, 0.2], 2)
    assert [(row.epoch, row.loss, row.metric) for row in curve] == [(1, 10.0, 0.1), (2, 20.0, 0.2)]
    assert all(row.seconds >= 0 for row in curve)


def test_the_learning_rate_falls_along_a_half_cosine():
    # (1 + cos(0)) / 2 = 1, then (1 + cos(pi / 2)) / 2 = 1/2 of the full rate of 0.5.
    model, _ = fit([0.1, 0.2], 2)
    assert model.rates == pytest.approx([0.5, 0.25])


def test_a_metric_that_is_never_a_number_is_refused():
    with pytest.raises(PipelineRefusedError, match=r"diverged: .* is no number.*learning_rate=0\.5"):
        fit([float("nan"), float("nan")], 2, patience=9)


def test_an_epoch_without_a_number_is_not_the_best():
    model, _ = fit([0.1, float("nan"), 0.05], 3, patience=9)
    assert float(model.weight) == 1.0


def test_the_curve_is_written(tmp_path):
    write_curve([Epoch(1, 2.0, 0.5, 0.25)], "recall@100", str(tmp_path))
    (path,) = tmp_path.rglob("training.json")
    assert json.loads(path.read_text()) == {
        "metric": "recall@100",
        "epochs": [{"epoch": 1, "loss": 2.0, "metric": 0.5, "seconds": 0.25}],
    }


def test_the_best_epoch_is_read_back(tmp_path):
    curve = [Epoch(1, 3.0, 0.1, 0.0), Epoch(2, 2.0, 0.4, 0.0), Epoch(3, 1.0, 0.3, 0.0)]
    write_curve(curve, "recall@100", str(tmp_path))
    assert read_best_epoch(str(tmp_path)) == 2


def test_fitting_again_goes_to_the_best_epoch_at_the_rates_of_before():
    model = Counter()
    model.compile(optimizer=tf.keras.optimizers.SGD(0.5), run_eagerly=True)
    fit_again(model, tf.data.Dataset.from_tensors(tf.zeros([1, 1])), num_epochs=4, best_epoch=3)
    assert float(model.weight) == 3.0
    # (1 + cos(k pi / 4)) / 2 of 0.5 for k = 0, 1, 2.
    assert model.rates == pytest.approx([0.5, 0.25 * (1 + 0.5**0.5), 0.25])


@pytest.fixture
def counting():
    """A model whose one weight is raised by 1 in each step."""
    import tensorflow as tf

    class Counting(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(0.0, name="weight")

        def train_step(self, data):
            del data
            self.weight.assign_add(1.0)
            return {"loss": self.weight * 0}

    model = Counting()
    model.compile(optimizer="sgd")
    return model


def test_the_mean_is_that_of_the_steps_of_the_last_epoch(counting):
    import tensorflow as tf

    from trainer.shared.fitting import MeanWeights

    batches = tf.data.Dataset.range(3).batch(1)
    mean = MeanWeights()
    counting.fit(batches, epochs=1, verbose=0, callbacks=[mean])  # 1, 2, 3
    last = mean.swap()
    assert counting.weight.numpy() == 2.0
    mean.restore(last)
    assert counting.weight.numpy() == 3.0
    counting.fit(batches, epochs=1, verbose=0, callbacks=[mean])  # 4, 5, 6
    np.testing.assert_array_equal(mean.swap(), [6.0])
    assert counting.weight.numpy() == 5.0


def test_epochs_are_measured_and_end_with_the_mean(counting):
    import tensorflow as tf

    from trainer.shared.fitting import fit_epochs

    seen = []

    def measure(epoch):
        seen.append((epoch, float(counting.weight.numpy())))
        return 0.5

    curve = fit_epochs(counting, tf.data.Dataset.range(3).batch(1), 4, measure, until=2)
    assert seen == [(1, 2.0), (2, 5.0)]  # the second epoch goes on from 3, not from the mean
    assert [row.epoch for row in curve] == [1, 2] and counting.weight.numpy() == 5.0
