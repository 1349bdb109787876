"""Adam that touches only the rows of an embedding table that a step has used."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


class LazyAdam(tf.keras.optimizers.Adam):
    """Adam (Kingma and Ba 2015) with lazy updates of sparse gradients.

    Plain Adam decays the moments of every row of a table at every step, also of rows without a gradient:
    its cost is that of the table, not of the batch. Here rows without a gradient stay as they are, moments
    included (as `LazyAdam` of TensorFlow Addons did). Dense gradients are treated as Adam does.
    """

    def update_step(self, gradient: Any, variable: tf.Variable) -> None:
        """Updates one variable; repeated rows of a sparse gradient have been summed before."""
        if not isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable)
            return
        key = self._var_key(variable)
        momentum = self._momentums[self._index_dict[key]]
        velocity = self._velocities[self._index_dict[key]]
        rows, values = gradient.indices, gradient.values
        step = tf.cast(self.iterations + 1, variable.dtype)
        correction = tf.sqrt(1 - tf.pow(self.beta_2, step)) / (1 - tf.pow(self.beta_1, step))
        rate = tf.cast(self.learning_rate, variable.dtype) * correction
        first = self.beta_1 * tf.gather(momentum, rows) + (1 - self.beta_1) * values
        second = self.beta_2 * tf.gather(velocity, rows) + (1 - self.beta_2) * tf.square(values)
        momentum.scatter_update(tf.IndexedSlices(first, rows))
        velocity.scatter_update(tf.IndexedSlices(second, rows))
        change = rate * first / (tf.sqrt(second) + self.epsilon)
        variable.scatter_sub(tf.IndexedSlices(change, rows))
