"""What all architectures of the ranker have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import tensorflow as tf

from trainer.settings import RankingSettings

Tensors = dict[str, Any]

PAIR_FEATURES = "pair_features"
"""The normalised numeric features of each pair, `[batch, candidates, features]`."""


class Ranker(tf.keras.layers.Layer):
    """Turns pairs of a query and a candidate into vectors, from which scores are linear.

    Its call takes `pair_features` and, if `reads_products`, `candidate_index [batch, candidates]`,
    `history_index` and `history_age [batch, time]`, and returns `[batch, candidates, units]`.

    Args:
        settings: Architecture and widths.
        columns: Product columns to embed, name -> index, int `[products]`.
        seed: Seed of the initialisers.
    """

    reads_products: ClassVar[bool] = False

    def __init__(
        self, settings: RankingSettings, columns: Mapping[str, np.ndarray], seed: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.settings = settings
        self.columns = {name: np.asarray(values, np.int32) for name, values in columns.items()}
        self.seed = seed
        self.make_layers(settings, seed)

    def make_layers(self, settings: RankingSettings, seed: int) -> None:
        """Sets the layers of the architecture as attributes; `columns` are there already."""

    def get_config(self) -> dict[str, Any]:
        """All that the constructor needs, as JSON."""
        columns = {name: values.tolist() for name, values in self.columns.items()}
        own = {"settings": self.settings.to_json(), "columns": columns, "seed": self.seed}
        config: dict[str, Any] = super().get_config()
        return config | own

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The layer of `get_config`."""
        return cls(**config | {"settings": RankingSettings.from_json(config["settings"])})


class DeepLayers(tf.keras.layers.Layer):
    """Two dense layers with dropout, the second half as wide.

    Args:
        width: Units of the first layer.
        dropout: Share of the units dropped in training.
        seed: Seed of the initialisers.
    """

    def __init__(self, width: int, dropout: float, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.layers = [
            tf.keras.layers.Dense(units, activation="relu", kernel_initializer=glorot(seed + position))
            for position, units in enumerate((width, max(width // 2, 1)))
        ]
        self.dropout = tf.keras.layers.Dropout(dropout, seed=seed)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """`[..., units]` to `[..., width // 2]`."""
        hidden = inputs
        for layer in self.layers:
            hidden = self.dropout(layer(hidden), training=training)
        return hidden


def glorot(seed: int) -> Any:
    """Glorot's uniform initialiser."""
    return tf.keras.initializers.GlorotUniform(seed=seed)
