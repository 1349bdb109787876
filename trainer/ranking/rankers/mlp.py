"""A multi-layer perceptron."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from trainer.ranking.rankers.base import PAIR_FEATURES, DeepLayers, Ranker, Tensors
from trainer.settings import RankingSettings


class DeepRanker(Ranker):
    """Deep layers on the features."""

    def __init__(
        self, settings: RankingSettings, columns: Mapping[str, np.ndarray], seed: int, **kwargs: Any
    ) -> None:
        super().__init__(settings, columns, seed, **kwargs)
        self.deep = DeepLayers(settings.hidden_dim, settings.dropout, seed)

    def call(self, inputs: Tensors, training: bool = False) -> tf.Tensor:
        """`[batch, candidates, hidden_dim // 2]`."""
        return self.deep(inputs[PAIR_FEATURES], training=training)
