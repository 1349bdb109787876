"""The ranking model: affinity features, an architecture of `trainer.rankers`, a score and a probability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from schema import names
from trainer.affinity import AffinityFeatures, AffinityInputs
from trainer.rankers import build_ranker
from trainer.rankers.base import FIGURES, glorot
from trainer.ranking_heads import HeadTargets, RankingHeads
from trainer.ranking_losses import LOSSES
from trainer.settings import RankingSettings

Tensors = dict[str, Any]

_POINTWISE_WEIGHT = 0.1
_MOST_DEVIATIONS = 6.0
_PRIOR_LOGIT = -3.0


class RankingModel(tf.keras.Model):
    """Scores the candidates of a query.

    What it reads of a pair by default are figures that mean the same whenever the tables and towers behind
    it are made anew: scores, counts, ages. Embeddings of products and categories, which `ncf` and `dlrm`
    have, fitted the users of the training windows rather than the next window
    (`docs/adr/0007-ranker-without-embeddings.md`).

    Args:
        affinity: Product columns for the affinity features.
        settings: Architecture and loss.
        seed: Seed of the initialisers.
        columns: Product columns that `ncf` and `dlrm` embed, name -> index, int `[products]`.
        heads: What the further heads predict; nothing if not given.
    """

    def __init__(
        self,
        affinity: AffinityInputs,
        settings: RankingSettings,
        seed: int,
        columns: Mapping[str, np.ndarray] | None = None,
        heads: HeadTargets | None = None,
    ) -> None:
        super().__init__()
        self.affinity = AffinityFeatures(affinity)
        self.normalization = tf.keras.layers.Normalization(axis=-1)
        self.ranker = build_ranker(settings, columns or {}, seed)
        self.score = tf.keras.layers.Dense(1, use_bias=False, kernel_initializer=glorot(seed + 10))
        self.purchase = tf.keras.layers.Dense(
            1, kernel_initializer="zeros", bias_initializer=tf.keras.initializers.Constant(_PRIOR_LOGIT)
        )
        self.heads = RankingHeads(heads or HeadTargets(), settings.head_weight, seed + 50)
        self.ranking_loss = LOSSES[settings.loss]
        self.mean_loss = tf.keras.metrics.Mean("loss")

    def describe(self, inputs: Tensors) -> Tensors:
        """Computes the numeric features of each pair, not yet normalised, beside the explanations."""
        pairs: Tensors = self.affinity(inputs)
        joined = tf.concat([inputs[names.CANDIDATE_FEATURES], pairs["features"]], axis=-1)
        return pairs | {"features": joined}

    def adapt(self, batches: tf.data.Dataset) -> None:
        """Learns mean and variance of each numeric feature from training batches."""
        self.normalization.adapt(batches.map(lambda batch: self.describe(batch)["features"]))

    def normalize(self, features: tf.Tensor) -> tf.Tensor:
        """The figures of described pairs; a wild one is cut, so that it cannot carry the score away."""
        return tf.clip_by_value(self.normalization(features), -_MOST_DEVIATIONS, _MOST_DEVIATIONS)

    def call(self, inputs: Tensors, training: bool = False) -> Tensors:
        """Scores candidates.

        Args:
            inputs: Dense rows of candidates, or with `figures` where those are known already.
            training: Whether units are dropped.

        Returns:
            `scores` (for ordering) and `probabilities` (that the candidate is bought in the window),
            `[batch, candidates]`, what the heads predict, and the explanations of `AffinityFeatures` unless
            figures were given.
        """
        pairs: Tensors = {}
        if FIGURES in inputs:
            figures = tf.cast(inputs[FIGURES], tf.float32)
        else:
            pairs = self.describe(inputs)
            figures = self.normalize(pairs.pop("features"))
        hidden = self.ranker(inputs | {FIGURES: figures}, training=training)
        pairs["scores"] = self.score(hidden)[..., 0]
        # The probability starts from the score and learns what the order within a list does not tell.
        correction = self.purchase(tf.stop_gradient(hidden))[..., 0]
        pairs["logits"] = tf.stop_gradient(pairs["scores"]) + correction
        pairs["probabilities"] = tf.sigmoid(pairs["logits"])
        predicted: Tensors = self.heads(hidden, figures)
        return pairs | predicted

    def train_step(self, data: Tensors) -> Tensors:
        """One step on the loss of the order and, weighted less, the pointwise cross-entropy."""
        labels = data[names.LABEL]
        with tf.GradientTape() as tape:
            outputs = self(data, training=True)
            order = tf.reduce_mean(self.ranking_loss(outputs["scores"], labels))
            bought = tf.cast(labels > 0, tf.float32)
            pointwise = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(bought, outputs["logits"]))
            loss = order + _POINTWISE_WEIGHT * (pointwise + self.heads.loss(outputs, data))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        self.mean_loss.update_state(loss)
        return {"loss": self.mean_loss.result()}

    @property
    def metrics(self) -> list[Any]:
        """Reset by Keras before each epoch."""
        return [self.mean_loss]
