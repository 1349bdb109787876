"""The ranking model: affinity features, embeddings, a deep and cross network."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from schema import names
from trainer.affinity import AffinityFeatures, AffinityInputs
from trainer.losses import decoupled_softmax_loss
from trainer.settings import RankingSettings

Tensors = dict[str, Any]

_POINTWISE_WEIGHT = 0.1
_MOST_DEVIATIONS = 6.0
_PRIOR_LOGIT = -3.0


class CrossNetwork(tf.keras.layers.Layer):
    """Cross layers `x0 * (W x + b) + x` (DCN-V2, Wang et al. 2021, equation 1), one after the other."""

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


class RankingModel(tf.keras.Model):
    """Scores the candidates of a query.

    Everything it reads of a pair is a figure that means the same whenever the tables and towers behind it
    are made anew: scores, counts, ages. It has no embeddings of its own; those of categories and products
    were tried and fitted the users of the training windows rather than the next window
    (`docs/adr/0006-ranker-without-embeddings.md`).

    Args:
        affinity: Product columns for the affinity features.
        settings: Architecture.
        seed: Seed of the initialisers.
    """

    def __init__(self, affinity: AffinityInputs, settings: RankingSettings, seed: int) -> None:
        super().__init__()
        self.affinity = AffinityFeatures(affinity)
        self.normalization = tf.keras.layers.Normalization(axis=-1)
        self.cross = CrossNetwork(settings.num_cross_layers, seed)
        self.deep = [
            tf.keras.layers.Dense(width, activation="relu", kernel_initializer=_glorot(seed + position))
            for position, width in enumerate((settings.hidden_dim, settings.hidden_dim // 2))
        ]
        self.dropout = tf.keras.layers.Dropout(settings.dropout, seed=seed)
        self.score = tf.keras.layers.Dense(1, use_bias=False, kernel_initializer=_glorot(seed + 10))
        self.purchase = tf.keras.layers.Dense(
            1, kernel_initializer="zeros", bias_initializer=tf.keras.initializers.Constant(_PRIOR_LOGIT)
        )

    def describe(self, inputs: Tensors) -> Tensors:
        """Computes the numeric features of each pair, not yet normalised, beside the explanations."""
        pairs: Tensors = self.affinity(inputs)
        joined = tf.concat([inputs[names.CANDIDATE_FEATURES], pairs["features"]], axis=-1)
        return pairs | {"features": joined}

    def adapt(self, batches: tf.data.Dataset) -> None:
        """Learns mean and variance of each numeric feature from training batches."""
        self.normalization.adapt(batches.map(lambda batch: self.describe(batch)["features"]))

    def call(self, inputs: Tensors, training: bool = False) -> Tensors:
        """Scores candidates.

        Args:
            inputs: Dense rows of candidates.
            training: Whether units are dropped.

        Returns:
            `scores` (for ordering) and `probabilities` (that the candidate is bought in the window),
            `[batch, candidates]`, and the explanations of `AffinityFeatures`.
        """
        pairs = self.describe(inputs)
        hidden = self._network(pairs.pop("features"), training)
        pairs["scores"] = self.score(hidden)[..., 0]
        # The probability starts from the score and learns what the order within a list does not tell.
        correction = self.purchase(tf.stop_gradient(hidden))[..., 0]
        pairs["logits"] = tf.stop_gradient(pairs["scores"]) + correction
        pairs["probabilities"] = tf.sigmoid(pairs["logits"])
        return pairs

    def _network(self, features: tf.Tensor, training: bool) -> tf.Tensor:
        base = tf.clip_by_value(self.normalization(features), -_MOST_DEVIATIONS, _MOST_DEVIATIONS)
        deep = base
        for layer in self.deep:
            deep = self.dropout(layer(deep), training=training)
        return tf.concat([self.cross(base), deep], axis=-1)

    def train_step(self, data: Tensors) -> Tensors:
        """One step on the decoupled softmax and, weighted less, the pointwise cross-entropy."""
        labels = data[names.LABEL]
        with tf.GradientTape() as tape:
            outputs = self(data, training=True)
            listwise = tf.reduce_mean(decoupled_softmax_loss(outputs["scores"], labels))
            bought = tf.cast(labels > 0, tf.float32)
            pointwise = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(bought, outputs["logits"]))
            loss = listwise + _POINTWISE_WEIGHT * pointwise
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return {"loss": loss}


def _glorot(seed: int) -> Any:
    return tf.keras.initializers.GlorotUniform(seed=seed)
