"""The mean of the weights over the steps of an epoch."""

import numpy as np
import pytest


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

    from trainer.shared.mean_weights import MeanWeights

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
