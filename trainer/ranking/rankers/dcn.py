"""Deep and cross network, version 2 (Wang et al., "DCN V2", WWW 2021), both parts side by side."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from trainer.ranking.rankers.base import PAIR_FEATURES, DeepLayers, Ranker, Tensors
from trainer.settings import RankingSettings


class CrossNetwork(tf.keras.layers.Layer):
    """Cross layers `x0 * (W x + b) + x` (DCN-V2, equation 1), one after the other.

    Args:
        num_layers: Number of cross layers.
        seed: Seed of the initialisers.
    """

    def __init__(self, num_layers: int, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_layers = num_layers
        self.seed = seed

    def build(self, input_shape: Any) -> None:
        """Creates one dense layer for each cross layer."""
        dim = int(input_shape[-1])
        self.dense = [
            tf.keras.layers.Dense(
                dim,
                kernel_initializer=tf.keras.initializers.RandomNormal(stddev=0.01, seed=self.seed + layer),
            )
            for layer in range(self.num_layers)
        ]

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """`[..., dim]` to `[..., dim]`."""
        crossed = inputs
        for layer in self.dense:
            crossed = inputs * layer(crossed) + crossed
        return crossed


class CrossRanker(Ranker):
    """The cross network beside deep layers, on the features."""

    def make_layers(self, settings: RankingSettings, seed: int) -> None:
        """Cross layers and deep ones."""
        self.cross = CrossNetwork(settings.num_cross_layers, seed)
        self.deep = DeepLayers(settings.hidden_dim, settings.dropout, seed)

    def call(self, inputs: Tensors, training: bool = False) -> tf.Tensor:
        """`[batch, candidates, features + hidden_dim // 2]`."""
        pair_features = inputs[PAIR_FEATURES]
        return tf.concat([self.cross(pair_features), self.deep(pair_features, training=training)], axis=-1)
