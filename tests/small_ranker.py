"""A small ranker and lists that it can learn, for several tests."""

from __future__ import annotations

import numpy as np

from schema.served.candidate_features import CANDIDATE_FEATURES
from trainer.ranking.affinity import AffinityInputs
from trainer.ranking.model import RankingModel
from trainer.settings import RankingSettings

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

NUM_PRODUCTS = 12


def build(seed=1, heads=None, **settings):
    affinity = AffinityInputs(
        num_products=NUM_PRODUCTS,
        categories={"product__colour": (np.arange(NUM_PRODUCTS) % 3).astype(np.int32)},
        numbers={},
        positive_types=(True,),
        window_days=7.0,
    )
    return RankingModel(affinity, RankingSettings(hidden_dim=16, **settings), seed, heads=heads)


def batch(size=16, width=6, seed=0):
    """Who bought a product before buys it again: a candidate is relevant if it is in the history."""
    rng = np.random.default_rng(seed)
    candidates = np.array([rng.permutation(NUM_PRODUCTS)[:width] for _ in range(size)])
    history = np.stack([candidates[:, 0], candidates[:, 1]], axis=1)
    order = rng.permuted(np.tile(np.arange(width), (size, 1)), axis=1)
    candidates = np.take_along_axis(candidates, order, axis=1)
    label = (candidates[:, :, None] == history[:, None, :]).any(axis=2)
    statistics = rng.normal(size=(size, width, len(CANDIDATE_FEATURES)))
    return {
        "history_index": tf.constant(history, tf.int64),
        "history_age": tf.constant(np.tile([9.0, 3.0], (size, 1)), tf.float32),
        "history_type": tf.zeros([size, 2], tf.int64),
        "candidate_index": tf.constant(candidates, tf.int64),
        "candidate_features": tf.constant(statistics, tf.float32),
        "query_embedding": tf.constant(rng.normal(size=(size, 4)), tf.float32),
        "query_time": tf.fill([size], tf.constant(10 * 86_400, tf.int64)),
        "user_index": tf.range(size, dtype=tf.int64),
        "label": tf.constant(label, tf.float32),
        "num_targets": tf.fill([size], tf.constant(2, tf.int64)),
    }
