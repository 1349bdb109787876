"""What an encoder of sequences knows of an event beside its product: how long ago, and of which type."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

_NUM_AGES = 16
_LOG_OF_TWO = math.log(2.0)


class EventTiming(tf.keras.layers.Layer):
    """Embeds the age and the type of each event and adds them to its product's representation.

    Ages count in steps of doubling (1 hour, 2, 4, … days, years): between yesterday and the day before
    lies more than between day 300 and day 301 (compare Li, Wang and McAuley, "Time interval aware
    self-attention for sequential recommendation", WSDM 2020, who clip linear intervals).

    Args:
        dim: Length of the representations.
        num_event_types: Number of known event types.
        seed: Seed of the initialisers.
    """

    def __init__(self, dim: int, num_event_types: int, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ages = _embedding(_NUM_AGES, dim, seed)
        self.types = _embedding(num_event_types + 1, dim, seed + 1)

    def call(self, inputs: tf.Tensor, age: tf.Tensor, types: tf.Tensor) -> tf.Tensor:
        """`[batch, time, dim]` to the same shape."""
        hours = tf.maximum(age * 24.0, 0.0)
        step = tf.cast(tf.math.log1p(hours) / _LOG_OF_TWO, tf.int32)
        return inputs + self.ages(tf.minimum(step, _NUM_AGES - 1)) + self.types(types + 1)


def _embedding(size: int, dim: int, seed: int) -> Any:
    initializer = tf.keras.initializers.RandomNormal(stddev=0.05, seed=seed)
    return tf.keras.layers.Embedding(size, dim, embeddings_initializer=initializer)
