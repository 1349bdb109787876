"""A gated recurrent unit over the history."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from trainer.retrieval.encoders.timing import EventTiming


class GruHistoryEncoder(tf.keras.layers.Layer):
    """The last state of a GRU that reads the history from its oldest event to its newest.

    GRU4Rec (Hidasi et al., "Session-based recommendations with recurrent neural networks", ICLR 2016),
    with the age and type of each event beside its product.

    Args:
        dim: Length of the representations and of the state.
        num_event_types: Number of known event types.
        seed: Seed of the initialisers.
    """

    def __init__(self, dim: int, num_event_types: int, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.timing = EventTiming(dim, num_event_types, seed)
        self.gru = tf.keras.layers.GRU(
            dim,
            kernel_initializer=tf.keras.initializers.GlorotUniform(seed=seed + 2),
            recurrent_initializer=tf.keras.initializers.Orthogonal(seed=seed + 3),
        )

    def call(self, inputs: tf.Tensor, mask: tf.Tensor, age: tf.Tensor, types: tf.Tensor) -> tf.Tensor:
        """`[batch, time, dim]` to `[batch, dim]`; what `mask` leaves out does not move the state."""
        state = self.gru(self.timing(inputs, age, types), mask=mask)
        return tf.where(tf.reduce_any(mask, axis=1, keepdims=True), state, tf.zeros_like(state))
