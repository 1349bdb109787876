"""The ranking model: affinity features, embeddings, a deep and cross network."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from schema import names
from trainer.affinity import AffinityFeatures, AffinityInputs
from trainer.losses import decoupled_softmax_loss
from trainer.settings import RankingSettings

Tensors = dict[str, Any]

_POINTWISE_WEIGHT = 0.1


class CrossNetwork(tf.keras.layers.Layer):
    """Cross layers `x0 * (W x + b) + x` (DCN-V2, Wang et al. 2021, equation 1), one after the other."""

    def __init__(self, num_layers: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_layers = num_layers

    def build(self, input_shape: Any) -> None:
        """Creates one dense layer for each cross layer."""
        initializer = tf.keras.initializers.RandomNormal(stddev=0.01)
        dim = int(input_shape[-1])
        self.dense = [
            tf.keras.layers.Dense(dim, kernel_initializer=initializer) for _ in range(self.num_layers)
        ]

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """`[..., dim]` to `[..., dim]`."""
        crossed = inputs
        for layer in self.dense:
            crossed = inputs * layer(crossed) + crossed
        return crossed


class RankingModel(tf.keras.Model):
    """Scores the candidates of a query.

    Args:
        affinity: Product columns for the affinity features.
        candidate_embeddings: Of the retrieval model, frozen `[products, dim]`.
        sizes: Column of `affinity.categories` -> number of indices.
        settings: Architecture.
    """

    def __init__(
        self,
        affinity: AffinityInputs,
        candidate_embeddings: np.ndarray,
        sizes: dict[str, int],
        settings: RankingSettings,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.affinity = AffinityFeatures(affinity)
        self.normalization = tf.keras.layers.Normalization(axis=-1)
        self.candidate_embeddings = tf.constant(candidate_embeddings)
        self.category_embeddings = {
            name: tf.keras.layers.Embedding(size, settings.embedding_dim) for name, size in sizes.items()
        }
        self.meeting = tf.keras.layers.Dense(settings.embedding_dim, activation="tanh")
        self.cross = CrossNetwork(settings.num_cross_layers)
        self.deep = [
            tf.keras.layers.Dense(width, activation="relu")
            for width in (settings.hidden_dim, settings.hidden_dim // 2)
        ]
        self.dropout = tf.keras.layers.Dropout(settings.dropout)
        self.score = tf.keras.layers.Dense(1, use_bias=False)
        self.purchase = tf.keras.layers.Dense(1)

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
        hidden = self._network(inputs, pairs.pop("features"), training)
        pairs["scores"] = self.score(hidden)[..., 0]
        pairs["logits"] = self.purchase(tf.stop_gradient(hidden))[..., 0]
        pairs["probabilities"] = tf.sigmoid(pairs["logits"])
        return pairs

    def _network(self, inputs: Tensors, features: tf.Tensor, training: bool) -> tf.Tensor:
        candidates = inputs[names.CANDIDATE_INDEX]
        met = (
            tf.gather(self.candidate_embeddings, candidates) * inputs[names.QUERY_EMBEDDING][:, tf.newaxis, :]
        )
        met = tf.ensure_shape(met, [None, None, self.candidate_embeddings.shape[-1]])
        numeric = tf.clip_by_value(self.normalization(features), -6.0, 6.0)
        parts = [numeric, self.meeting(met)]
        for name, layer in self.category_embeddings.items():
            parts.append(layer(tf.gather(self.affinity.categories[name], candidates)))
        base = tf.concat(parts, axis=-1)
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
