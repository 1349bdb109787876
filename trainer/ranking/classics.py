"""Lists of classical baselines among the candidates, in the graph: the order from which the ranker starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import tensorflow as tf

from schema import names
from schema.served import score_parts
from schema.served.candidate_features import CANDIDATE_FEATURES, SHARES, SIMILAR_USERS_SCALE

POPULARITY: Final = "popularity"
OWN_FREQUENCY: Final = "own_frequency"
LAST_SEEN: Final = "last_seen"
USER_KNN: Final = "user_knn"
USER_KNN_OWN: Final = "user_knn_own"
_SOURCES: Final = {
    "item_knn": "neighbours_share",
    "ease": "ease_share",
    "transitions": "transitions_share",
}
CLASSICS: Final = (POPULARITY, OWN_FREQUENCY, USER_KNN_OWN, LAST_SEEN, USER_KNN, *_SOURCES)
"""Baselines that can be computed from the features of the candidates."""
COUNTING_OWN: Final = (OWN_FREQUENCY, USER_KNN_OWN)
"""Those that count the own purchases, by a half-life."""
GROUP_OF_CLASSIC: Final = {
    POPULARITY: score_parts.POPULARITY,
    OWN_FREQUENCY: score_parts.OWN_EVENTS,
    LAST_SEEN: score_parts.OWN_EVENTS,
    USER_KNN: score_parts.SIMILAR_USERS,
    USER_KNN_OWN: score_parts.SIMILAR_USERS,
    "item_knn": score_parts.NEIGHBOURS,
    "ease": score_parts.EASE,
    "transitions": score_parts.TRANSITIONS,
}
"""What the rank in the list of each baseline tells of."""

_STEP: Final = 1e-3
_SMALLEST: Final = 1e-30

Tensors = dict[str, Any]


@dataclass(frozen=True)
class Anchor:
    """Which classical baseline the ranker starts from, and how it is tuned.

    Attributes:
        name: One of `CLASSICS`.
        horizon: Which of `SHARES` popularity goes by; it decides wherever a baseline is undecided.
        half_life: Which of the counts of the own purchases `COUNTING_OWN` go by.
    """

    name: str = OWN_FREQUENCY
    horizon: int = SHARES.index("share_window")
    half_life: int = 0


def popularities(candidate_features: tf.Tensor) -> tf.Tensor:
    """`SHARES` of the candidates `[batch, candidates, horizons]`."""
    first = CANDIDATE_FEATURES.index(SHARES[0])
    return candidate_features[..., first : first + len(SHARES)]


def classic_scores(inputs: Tensors, pairs: Tensors, half_life: int) -> tf.Tensor:
    """Scores of all of `CLASSICS` before popularity decides `[batch, classics, candidates]`.

    Args:
        inputs: With `candidate_features`.
        pairs: `own_counts` and `last_seen` of `AffinityFeatures`.
        half_life: Which of the counts is that of `COUNTING_OWN`.
    """
    features = inputs[names.CANDIDATE_FEATURES]
    own = pairs["own_counts"][..., half_life]
    theirs = tf.math.expm1(features[..., CANDIDATE_FEATURES.index("similar_users")]) / SIMILAR_USERS_SCALE
    columns = [tf.zeros_like(own), own, theirs + _unit_lists(own), pairs["last_seen"], theirs]
    columns += [tf.maximum(features[..., CANDIDATE_FEATURES.index(name)], 0.0) for name in _SOURCES.values()]
    return tf.stack(columns, axis=1)


def _unit_lists(counts: tf.Tensor) -> tf.Tensor:
    """Counts `[batch, candidates]` as lists of length 1, as the purchases of similar users are."""
    return tf.math.divide_no_nan(counts, tf.norm(counts, axis=1, keepdims=True))


def ranks(scores: tf.Tensor, popularity: tf.Tensor) -> tf.Tensor:
    """Ranks from 0 by descending score, then by descending popularity.

    Scores that differ by less than a thousandth are alike: sums of the same purchases differ by rounding
    with the batch that they are made in, and the order must not.

    Args:
        scores: `[batch, classics, candidates]`.
        popularity: `[batch, candidates]`.

    Returns:
        float32 `[batch, classics, candidates]`.
    """
    by_popularity = tf.argsort(popularity, direction="DESCENDING", stable=True)
    every = tf.repeat(by_popularity[:, tf.newaxis, :], tf.shape(scores)[1], axis=1)
    sorted_scores = tf.gather(_in_steps(scores), every, batch_dims=2)
    order = tf.gather(every, tf.argsort(sorted_scores, direction="DESCENDING", stable=True), batch_dims=2)
    return tf.cast(tf.argsort(order), tf.float32)


def _in_steps(scores: tf.Tensor) -> tf.Tensor:
    """Logarithms of positive scores in steps of a thousandth; what is not positive comes last."""
    steps = tf.round(tf.math.log(tf.maximum(scores, _SMALLEST)) / _STEP)
    return tf.where(scores > 0, steps, -float("inf"))


def log_ranks(inputs: Tensors, pairs: Tensors, anchor: Anchor) -> tf.Tensor:
    """`-log(rank + 2)` of each candidate in the list of each baseline `[batch, candidates, classics]`."""
    popularity = popularities(inputs[names.CANDIDATE_FEATURES])[..., anchor.horizon]
    found = ranks(classic_scores(inputs, pairs, anchor.half_life), popularity)
    return tf.transpose(-tf.math.log(found + 2.0), [0, 2, 1])
