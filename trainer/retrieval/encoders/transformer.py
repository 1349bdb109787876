"""Causal self-attention over the history."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from trainer.retrieval.encoders.timing import EventTiming

_NUM_BLOCKS = 2
_NUM_HEADS = 2


class TransformerHistoryEncoder(tf.keras.layers.Layer):
    """The newest event's state after two blocks of causal self-attention.

    SASRec (Kang and McAuley, "Self-attentive sequential recommendation", ICDM 2018), with normalisation
    before each sub-layer, and ages in place of absolute positions (`EventTiming`).

    Args:
        dim: Length of the representations and of the state.
        num_event_types: Number of known event types.
        dropout: Share of attention weights and hidden units dropped in training.
        seed: Seed of the initialisers.
    """

    def __init__(self, dim: int, num_event_types: int, dropout: float, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.timing = EventTiming(dim, num_event_types, seed)
        self.blocks = [_Block(dim, dropout, seed + 10 * (number + 1)) for number in range(_NUM_BLOCKS)]
        self.normalization = tf.keras.layers.LayerNormalization()

    def call(
        self,
        inputs: tf.Tensor,
        mask: tf.Tensor,
        age: tf.Tensor,
        types: tf.Tensor,
        training: bool = False,
    ) -> tf.Tensor:
        """`[batch, time, dim]` to `[batch, dim]`."""
        states = self.timing(inputs, age, types)
        for block in self.blocks:
            states = block(states, mask, training=training)
        states = self.normalization(states)
        position = tf.where(mask, tf.range(tf.shape(mask)[1])[tf.newaxis, :], -1)
        newest = tf.reduce_max(position, axis=1)
        state = tf.gather(states, tf.maximum(newest, 0), batch_dims=1)
        return tf.where(newest[:, tf.newaxis] >= 0, state, tf.zeros_like(state))


class _Block(tf.keras.layers.Layer):
    """Attention to the event itself and older ones, then a layer for each event by itself."""

    def __init__(self, dim: int, dropout: float, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.before_attention = tf.keras.layers.LayerNormalization()
        self.attention = tf.keras.layers.MultiHeadAttention(
            _NUM_HEADS,
            max(1, dim // _NUM_HEADS),
            dropout=dropout,
            kernel_initializer=tf.keras.initializers.GlorotUniform(seed=seed),
        )
        self.before_layers = tf.keras.layers.LayerNormalization()
        self.hidden = tf.keras.layers.Dense(
            2 * dim, activation="relu", kernel_initializer=tf.keras.initializers.GlorotUniform(seed=seed + 1)
        )
        self.output_layer = tf.keras.layers.Dense(
            dim, kernel_initializer=tf.keras.initializers.GlorotUniform(seed=seed + 2)
        )
        self.dropout = tf.keras.layers.Dropout(dropout, seed=seed)

    def call(self, inputs: tf.Tensor, mask: tf.Tensor, training: bool = False) -> tf.Tensor:
        """`[batch, time, dim]` to the same shape; `mask [batch, time]` marks real events."""
        normal = self.before_attention(inputs)
        length = tf.shape(mask)[1]
        older = tf.linalg.band_part(tf.ones([length, length], tf.bool), -1, 0)
        allowed = tf.logical_and(older[tf.newaxis], mask[:, tf.newaxis, :])
        states = inputs + self.attention(normal, normal, attention_mask=allowed, training=training)
        layered = self.output_layer(self.hidden(self.before_layers(states)))
        return states + self.dropout(layered, training=training)
