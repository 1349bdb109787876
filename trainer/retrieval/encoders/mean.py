"""The mean of a history under several rates of forgetting."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


class MeanHistoryEncoder(tf.keras.layers.Layer):
    """Means of the history's product representations under several rates of forgetting.

    One mean weighs all events alike, the others halve an event's weight every `half_life` days, so the
    tower sees lasting interest beside what was bought last. Types of events have a learned weight each.

    Args:
        half_lives: Half-lives in days, one more mean for each.
        num_event_types: Number of known event types.
    """

    def __init__(self, half_lives: tuple[float, ...], num_event_types: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.half_lives = half_lives
        self.type_weight = self.add_weight(
            name="type_weight", shape=[num_event_types + 1], initializer="zeros", trainable=True
        )

    def call(self, inputs: tf.Tensor, mask: tf.Tensor, age: tf.Tensor, types: tf.Tensor) -> tf.Tensor:
        """Encodes a batch of histories.

        Args:
            inputs: Product representations `[batch, time, dim]`.
            mask: Which events are real, bool `[batch, time]`.
            age: Days before the query `[batch, time]`.
            types: Event types `[batch, time]`, -1 for an unknown one.

        Returns:
            `[batch, (1 + len(half_lives)) * dim]`; zeros for an empty history.
        """
        weight = tf.exp(tf.gather(self.type_weight, types + 1)) * tf.cast(mask, tf.float32)
        decayed = [weight * tf.pow(0.5, age / half_life) for half_life in self.half_lives]
        weights = tf.stack([weight, *decayed], axis=1)
        totals = tf.reduce_sum(weights, axis=2, keepdims=True)
        means = tf.math.divide_no_nan(tf.matmul(weights, inputs), totals)
        return tf.reshape(means, [-1, (1 + len(self.half_lives)) * inputs.shape[-1]])
