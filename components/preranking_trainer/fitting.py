"""Fits the preranker to pools of candidates and what was bought of them."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import tensorflow as tf

from components.recommender.candidates.preranker import PrerankerWeights, score_pool
from components.settings import PrerankingSettings

_MIN_DEVIATION = 1e-4
_CONSTANT = 1e6
"""Deviation of what does not vary: a constant less its mean is rounding, which must not be scaled up."""
_SAMPLE_FOR_SCALES = 200_000


def initial_weights(features: np.ndarray, settings: PrerankingSettings, seed: int) -> PrerankerWeights:
    """Scales from the data, He-normal kernels (He et al. 2015) from the seed."""
    random = np.random.default_rng(seed)
    sample = features[:: max(1, len(features) // _SAMPLE_FOR_SCALES)].astype(np.float64)
    deviation = sample.std(axis=0)
    hidden, middle = settings.hidden_dim, max(1, settings.hidden_dim // 2)

    def kernel(rows: int, columns: int) -> np.ndarray:
        values: np.ndarray = random.normal(0.0, np.sqrt(2.0 / rows), (rows, columns)).astype(np.float32)
        return values

    return PrerankerWeights(
        mean=sample.mean(axis=0).astype(np.float32),
        deviation=np.where(deviation > _MIN_DEVIATION, deviation, _CONSTANT).astype(np.float32),
        hidden_kernel=kernel(features.shape[1], hidden),
        hidden_bias=np.zeros(hidden, np.float32),
        middle_kernel=kernel(hidden, middle),
        middle_bias=np.zeros(middle, np.float32),
        score_kernel=kernel(middle, 1),
    )


def fit_preranker(
    features: np.ndarray,
    labels: np.ndarray,
    importance: np.ndarray,
    settings: PrerankingSettings,
    seed: int,
) -> PrerankerWeights:
    """Minimises the weighted cross-entropy by Adam; the learning rate falls to 0.

    Args:
        features: Of (query, product) pairs `[pairs, features]`.
        labels: 1 where the product was bought, else 0 `[pairs]`.
        importance: How many pairs of its kind each stands for `[pairs]`.
        settings: Width and length of the training.
        seed: Of initial weights and order.
    """
    start = initial_weights(features, settings, seed)
    weights = {name: tf.Variable(value) for name, value in asdict(start).items()}
    bias = tf.Variable(_log_odds(labels, importance))
    trained = [value for name, value in weights.items() if name not in ("mean", "deviation")]
    steps = -(-len(features) // settings.batch_size) * settings.num_epochs
    optimizer = tf.keras.optimizers.Adam(
        tf.keras.optimizers.schedules.PolynomialDecay(settings.learning_rate, steps, 0.0)
    )

    @tf.function(reduce_retracing=True)
    def step(inputs: tf.Tensor, bought: tf.Tensor, importances: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            logits = score_pool(inputs, weights) + bias
            losses = tf.nn.sigmoid_cross_entropy_with_logits(bought, logits)
            loss = tf.reduce_sum(losses * importances) / tf.reduce_sum(importances)
        variables = [*trained, bias]
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    random = np.random.default_rng(seed)
    targets = labels.astype(np.float32)
    for _ in range(settings.num_epochs):
        order = random.permutation(len(features))
        for first in range(0, len(order), settings.batch_size):
            rows = order[first : first + settings.batch_size]
            step(*(tf.constant(values[rows]) for values in (features, targets, importance)))
    return PrerankerWeights(**{name: value.numpy() for name, value in weights.items()})


def _log_odds(labels: np.ndarray, importance: np.ndarray) -> np.float32:
    share = float((labels * importance).sum() / max(importance.sum(), 1e-9))
    share = min(max(share, 1e-6), 1 - 1e-6)
    return np.float32(np.log(share / (1 - share)))
