"""A multi-layer perceptron."""

from __future__ import annotations

import tensorflow as tf

from trainer.ranking.rankers.base import PAIR_FEATURES, DeepLayers, Ranker, Tensors
from trainer.settings import RankingSettings


class DeepRanker(Ranker):
    """Deep layers on the features."""

    def make_layers(self, settings: RankingSettings, seed: int) -> None:
        """Two deep layers."""
        self.deep = DeepLayers(settings.hidden_dim, settings.dropout, seed)

    def call(self, inputs: Tensors, training: bool = False) -> tf.Tensor:
        """`[batch, candidates, hidden_dim // 2]`."""
        return self.deep(inputs[PAIR_FEATURES], training=training)
