"""The ranking model: affinity features, an architecture of `rankers`, a score and a probability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from schema import names
from schema.served.score_parts import OF_CANDIDATE_FEATURES
from schema.tensors.centring import mean_of_list
from schema.tensors.in_graph import untranslated
from trainer.ranking.affinity import NUM_USER_FEATURES, AffinityFeatures, AffinityInputs
from trainer.ranking.classics import CLASSICS, GROUP_OF_CLASSIC, Anchor, log_ranks
from trainer.ranking.data import ANCHOR, BOUGHT, HAS_HISTORY
from trainer.ranking.heads import HeadTargets, RankingHeads
from trainer.ranking.losses import LOSSES, without
from trainer.ranking.rankers import build_ranker
from trainer.ranking.rankers.base import PAIR_FEATURES
from trainer.settings import RankingSettings

Tensors = dict[str, Any]

_POINTWISE_WEIGHT = 0.1
_MOST_DEVIATIONS = 6.0
_MIN_VARIANCE = 1e-8
_PRIOR_LOGIT = -3.0
_INITIAL_ANCHOR = 1.5


class RankingModel(tf.keras.Model):
    """Scores the candidates of a query: a classical baseline's order, and a correction of it.

    The score is `weight * anchor + strength * correction`. The anchor is minus the log of the rank in the
    list of a classical baseline; the correction begins at 0, so that where there is nothing to learn the
    order stays that of the baseline; the strength, one for users with and one for those without history, is
    set after the training by what several windows show (`trainer.ranking.evidence`).

    Everything that describes a candidate is centred within the list of the query: a level that all
    candidates share says nothing of their order, but tells at which cutoff the list was made, and what is
    learned of one cutoff does not hold at the next (`docs/adr/0026-anchored-ranker.md`).

    What it reads of a pair by default are features that mean the same whenever the tables and towers behind
    it are made anew: scores, counts, ages. Embeddings of products and categories, which `ncf` and `dlrm`
    have, fitted the users of the training windows rather than the next window
    (`docs/adr/0007-ranker-without-embeddings.md`).

    Args:
        affinity: Product columns for the affinity features.
        settings: Architecture and loss.
        seed: Seed of the initialisers.
        columns: Product columns that `ncf` and `dlrm` embed, name -> index, int `[products]`.
        heads: What the further heads predict; nothing if not given.
        anchor: The baseline from which it starts.
    """

    def __init__(
        self,
        affinity: AffinityInputs,
        settings: RankingSettings,
        seed: int,
        columns: Mapping[str, np.ndarray] | None = None,
        heads: HeadTargets | None = None,
        anchor: Anchor | None = None,
    ) -> None:
        super().__init__()
        self.anchor = anchor or Anchor()
        self.anchor_weight = tf.Variable(_INITIAL_ANCHOR, name="anchor_weight")
        self.strength = tf.Variable([1.0, 1.0], trainable=False, name="strength")
        self.affinity = AffinityFeatures(affinity)
        self.normalization = tf.keras.layers.Normalization(axis=-1)
        self.ranker = build_ranker(settings, columns or {}, seed)
        self.score = tf.keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
        self.purchase = tf.keras.layers.Dense(
            1, kernel_initializer="zeros", bias_initializer=tf.keras.initializers.Constant(_PRIOR_LOGIT)
        )
        self.heads = RankingHeads(heads or HeadTargets(), settings.head_weight, seed + 50)
        self.ranking_loss = LOSSES[settings.loss]
        self.new_weight = settings.new_weight
        self.mean_loss = tf.keras.metrics.Mean("loss")

    def describe(self, inputs: Tensors) -> Tensors:
        """Computes the numeric features of each pair, not yet normalised, beside the explanations."""
        pairs: Tensors = self.affinity(inputs)
        ranks = log_ranks(inputs, pairs, self.anchor)
        of_list = tf.concat([inputs[names.CANDIDATE_FEATURES], pairs["features"], ranks], axis=-1)
        of_list -= mean_of_list(of_list)
        for name in ("own_counts", "last_seen"):
            del pairs[name]
        user = pairs.pop("user_features")
        user = tf.repeat(user[:, tf.newaxis, :], tf.shape(of_list)[1], axis=1)
        return pairs | {
            "features": tf.concat([of_list, user], axis=-1),
            ANCHOR: ranks[..., CLASSICS.index(self.anchor.name)],
            HAS_HISTORY: tf.reduce_any(inputs[names.HISTORY_INDEX] >= 0, axis=1),
        }

    def adapt(self, batches: tf.data.Dataset) -> None:
        """Learns mean and variance of each numeric feature from training batches."""
        self.normalization.adapt(batches.map(untranslated(lambda batch: self.describe(batch)["features"])))

    def normalize(self, features: tf.Tensor) -> tf.Tensor:
        """The features of described pairs; a wild one is cut, so that it cannot carry the score away.

        What does not vary is 0: a constant less its mean is rounding, which must not be scaled up.
        """
        normalized = self.normalization(features)
        varies = tf.cast(self.normalization.variance > _MIN_VARIANCE, tf.float32)
        return varies * tf.clip_by_value(normalized, -_MOST_DEVIATIONS, _MOST_DEVIATIONS)

    def described(self, inputs: Tensors) -> Tensors:
        """`pair_features`, `anchor` and `has_history` of dense rows, or as they are given, and `pairs`.

        The last are the explanations of `AffinityFeatures`, {} where features are given.
        """
        if PAIR_FEATURES in inputs:
            known = {name: inputs[name] for name in (ANCHOR, HAS_HISTORY)}
            return known | {PAIR_FEATURES: tf.cast(inputs[PAIR_FEATURES], tf.float32), "pairs": {}}
        pairs = self.describe(inputs)
        pair_features = self.normalize(pairs.pop("features"))
        known = {name: pairs.pop(name) for name in (ANCHOR, HAS_HISTORY)}
        return known | {PAIR_FEATURES: pair_features, "pairs": pairs}

    def correction(self, inputs: Tensors) -> tf.Tensor:
        """That of rows whose `pair_features` are given `[batch, candidates]`."""
        correction: tf.Tensor = self.score(self.ranker(inputs, training=False))[..., 0]
        return correction

    def strength_of(self, described: Tensors) -> tf.Tensor:
        """What the correction counts in each list `[batch, 1]`."""
        return tf.where(described[HAS_HISTORY], self.strength[0], self.strength[1])[:, tf.newaxis]

    @property
    def figure_groups(self) -> tuple[str, ...]:
        """Group of each figure, of `schema.served.score_parts.GROUPS`; "" for those of the user."""
        of_classics = tuple(GROUP_OF_CLASSIC[name] for name in CLASSICS)
        return (*OF_CANDIDATE_FEATURES, *self.affinity.groups, *of_classics, *[""] * NUM_USER_FEATURES)

    def call(self, inputs: Tensors, training: bool = False) -> Tensors:
        """Scores candidates.

        Args:
            inputs: Dense rows of candidates, or with `pair_features`, `anchor` and `has_history` where those
                are known already.
            training: Whether units are dropped.

        Returns:
            `scores` (for ordering), their parts `anchored` and `correction`, and `probabilities` (that the
            candidate is bought in the window), `[batch, candidates]`, what the heads predict, and the
            explanations of `AffinityFeatures` unless features were given.
        """
        described = self.described(inputs)
        hidden = self.ranker(inputs | {PAIR_FEATURES: described[PAIR_FEATURES]}, training=training)
        pair_features = described[PAIR_FEATURES]
        pairs: Tensors = described["pairs"]
        pairs["anchored"] = self.anchor_weight * described[ANCHOR]
        pairs["correction"] = self.score(hidden)[..., 0]
        pairs["scores"] = pairs["anchored"] + self.strength_of(described) * pairs["correction"]
        # The probability starts from the score and learns what the order within a list does not tell.
        level = self.purchase(tf.stop_gradient(hidden))[..., 0]
        pairs["logits"] = tf.stop_gradient(pairs["anchored"] + pairs["correction"]) + level
        pairs["probabilities"] = tf.sigmoid(pairs["logits"])
        predicted: Tensors = self.heads(hidden, pair_features)
        return pairs | predicted

    @untranslated
    def train_step(self, data: Tensors) -> Tensors:
        """One step on the loss of the order and, weighted less, the pointwise cross-entropy."""
        labels = data[names.LABEL]
        with tf.GradientTape() as tape:
            outputs = self(data, training=True)
            bought_before = data[BOUGHT] if BOUGHT in data else outputs["times_bought"] > 0
            order = self._order_loss(outputs["scores"], labels, bought_before)
            bought = tf.cast(labels > 0, tf.float32)
            pointwise = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(bought, outputs["logits"]))
            loss = order + _POINTWISE_WEIGHT * (pointwise + self.heads.loss(outputs, data))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        self.mean_loss.update_state(loss)
        return {"loss": self.mean_loss.result()}

    def _order_loss(self, scores: tf.Tensor, labels: tf.Tensor, bought: tf.Tensor) -> tf.Tensor:
        """That of everything, and weighted that among what was never bought before.

        Among everything a new product competes with what the user buys anyway, which it hardly ever beats,
        so that this alone says little of the order of the new ones.
        """
        loss = tf.reduce_mean(self.ranking_loss(scores, labels))
        if self.new_weight:
            loss += self.new_weight * tf.reduce_mean(self.ranking_loss(*without(bought, scores, labels)))
        return loss

    @property
    def metrics(self) -> list[Any]:
        """Reset by Keras before each epoch."""
        return [self.mean_loss]
