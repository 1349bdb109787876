"""The mean of a model's weights over the steps of an epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf


class MeanWeights(tf.keras.callbacks.Callback):
    """Follows the trainable weights through an epoch, and puts their mean in their place.

    Single steps on little data scatter about the mean, which lies nearer to the optimum than the last step
    (Polyak and Juditsky 1992; Izmailov et al. 2018).
    """

    def __init__(self) -> None:
        super().__init__()
        self._means: list[Any] = []
        self._count = tf.Variable(0.0, trainable=False)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Begins anew."""
        del epoch, logs
        if not self._means:
            self._means = [
                tf.Variable(tf.zeros_like(variable), trainable=False)
                for variable in self.model.trainable_variables
            ]
        self._count.assign(0.0)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Counts the weights after a step in."""
        del batch, logs
        self._count_in()

    @tf.function
    def _count_in(self) -> None:
        self._count.assign_add(1.0)
        for mean, variable in zip(self._means, self.model.trainable_variables, strict=True):
            mean.assign_add((variable - mean) / self._count)

    def swap(self) -> list[np.ndarray]:
        """Puts the means in the place of the weights, and returns these."""
        weights = [variable.numpy() for variable in self.model.trainable_variables]
        self.restore([mean.numpy() for mean in self._means])
        return weights

    def restore(self, weights: list[np.ndarray]) -> None:
        """Gives the model weights that `swap` returned."""
        for variable, value in zip(self.model.trainable_variables, weights, strict=True):
            variable.assign(value)
