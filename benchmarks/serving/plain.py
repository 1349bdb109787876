"""The plain way of TensorFlow Recommenders: an index SavedModel, then a Keras ranker on what it found."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_recommenders as tfrs

_DIM = 64
_HIDDEN = (96, 48)
_TOP_K = 10


def plain_recommender(
    users: Sequence[str], num_products: int, num_candidates: int, seed: int
) -> Callable[[str], list[str]]:
    """Two untrained SavedModels of the usual shape: what they compute costs the same when trained.

    It knows neither histories nor any feature of a pair of a user and a product; it reads ids alone.

    Args:
        users: Known user ids.
        num_products: Size of the catalogue.
        num_candidates: Candidates that are ranked.
        seed: Of the weights.
    """
    tf.keras.utils.set_random_seed(seed)
    products = np.array([f"p{number}" for number in range(num_products)])
    with tempfile.TemporaryDirectory() as folder:
        index, ranker = Path(folder) / "index", Path(folder) / "ranker"
        tf.saved_model.save(_index(users, products, num_candidates), str(index))
        tf.saved_model.save(_ranker(users, products), str(ranker))
        retrieve, rank = tf.saved_model.load(str(index)), tf.saved_model.load(str(ranker))

    def recommend(user: str) -> list[str]:
        _, found = retrieve(tf.constant([user]))
        scores = rank([tf.repeat(tf.constant([user]), num_candidates), found[0]])
        best = tf.math.top_k(scores[:, 0], k=_TOP_K).indices
        return [name.decode() for name in tf.gather(found[0], best).numpy().tolist()]

    return recommend


def _embedding(ids: Sequence[str] | np.ndarray) -> tf.keras.Sequential:
    lookup = tf.keras.layers.StringLookup(vocabulary=np.unique(ids), mask_token=None)
    return tf.keras.Sequential([lookup, tf.keras.layers.Embedding(len(np.unique(ids)) + 1, _DIM)])


def _index(users: Sequence[str], products: np.ndarray, num_candidates: int) -> tf.keras.Model:
    index = tfrs.layers.factorized_top_k.BruteForce(_embedding(users), k=num_candidates)
    index.index(tf.random.normal([len(products), _DIM]), tf.constant(products))
    index(tf.constant([users[0]]))
    return index


def _ranker(users: Sequence[str], products: np.ndarray) -> tf.keras.Model:
    user, product = (tf.keras.Input([], dtype=tf.string) for _ in range(2))
    hidden = tf.keras.layers.Concatenate()([_embedding(users)(user), _embedding(products)(product)])
    for units in _HIDDEN:
        hidden = tf.keras.layers.Dense(units, activation="relu")(hidden)
    return tf.keras.Model([user, product], tf.keras.layers.Dense(1)(hidden))
