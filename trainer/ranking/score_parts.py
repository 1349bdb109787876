"""What each group of features gives to one candidate's score: Shapley values, exactly.

The baseline of Sundararajan and Najmi, "The many Shapley values for model explanation" (ICML 2020, section
2, "baseline Shapley"), after Lundberg and Lee, "A unified approach to interpreting model predictions"
(NeurIPS 2017): a group that is absent has the values of the mean candidate of the same list. Eleven groups
have 2,048 coalitions, so that nothing needs to be sampled, and the contributions add up to the difference
of the two scores.
"""

from __future__ import annotations

from math import factorial
from typing import Any

import numpy as np
import tensorflow as tf

from schema import names
from schema.served.score_parts import (
    ANCHOR_CONTRIBUTION,
    CONTRIBUTIONS,
    GROUPS,
    MEAN_SCORE,
    POSITION,
    SCORE_OF_IT,
)
from trainer.ranking.data import ANCHOR
from trainer.ranking.model import RankingModel
from trainer.ranking.rankers.base import PAIR_FEATURES

Tensors = dict[str, Any]


class ScoreParts(tf.Module):
    """Takes the score of one candidate of each list apart.

    Args:
        model: The ranker, built.
    """

    def __init__(self, model: RankingModel) -> None:
        super().__init__()
        self._model = model
        columns = model.figure_groups
        masks = coalitions(len(GROUPS))
        # What is of no group, such as the activity of the user, is the same in every coalition.
        group = np.array([GROUPS.index(name) if name else len(GROUPS) for name in columns])
        present = np.concatenate([masks, np.ones((len(masks), 1), np.bool_)], axis=1)
        self._takes = tf.constant(present[:, group])
        self._weights = tf.constant(shapley_weights(len(GROUPS)), tf.float32)

    def __call__(self, inputs: Tensors) -> Tensors:
        """Explains.

        Args:
            inputs: Dense rows of candidates, and `position [batch]`.

        Returns:
            Of that candidate `score_of_it`, `mean_score` (that of the mean candidate of the list),
            `anchor_contribution` and `contributions [batch, groups]`, whose sum is the difference of the two;
            of all candidates what the ranker tells, `[batch, candidates]`.
        """
        inputs = dict(inputs)
        position = inputs.pop(POSITION)
        model = self._model
        described = model.described(inputs)
        pairs: Tensors = described.pop("pairs")
        pair_features, anchor = described[PAIR_FEATURES], described[ANCHOR]
        own = tf.gather(pair_features, position, batch_dims=1)[:, tf.newaxis]
        mean = tf.reduce_mean(pair_features, axis=1, keepdims=True)
        rows = tf.where(self._takes[tf.newaxis], own, mean)
        product = tf.gather(inputs[names.CANDIDATE_INDEX], position, batch_dims=1)[:, tf.newaxis]
        everywhere = tf.repeat(product, tf.shape(rows)[1], axis=1)
        given = inputs | {PAIR_FEATURES: rows, names.CANDIDATE_INDEX: everywhere}
        correction = model.strength_of(described) * model.correction(given)
        anchored = model.anchor_weight * tf.gather(anchor, position, batch_dims=1)
        mean_anchored = model.anchor_weight * tf.reduce_mean(anchor, axis=1)
        outputs: Tensors = model(inputs | described)
        parts = {
            CONTRIBUTIONS: tf.matmul(correction, self._weights, transpose_b=True),
            ANCHOR_CONTRIBUTION: anchored - mean_anchored,
            SCORE_OF_IT: anchored + correction[:, -1],
            MEAN_SCORE: mean_anchored + correction[:, 0],
        }
        return {**outputs, **pairs, **parts}


def coalitions(count: int) -> np.ndarray:
    """Which of `count` groups each coalition holds, from none to all, bool `[2 ** count, count]`."""
    bits: np.ndarray = (np.arange(2**count)[:, None] >> np.arange(count)) % 2
    return np.asarray(bits == 1)


def shapley_weights(count: int) -> np.ndarray:
    """By what the value of each coalition counts for each group `[count, 2 ** count]`.

    With `n` groups a coalition of `s` that holds the group counts `(s - 1)! (n - s)! / n!`, and one that
    does not `-s! (n - s - 1)! / n!` (Shapley, "A value for n-person games", 1953).
    """
    masks = coalitions(count)
    sizes = masks.sum(axis=1)
    with_it = np.array([factorial(max(s - 1, 0)) * factorial(count - s) for s in sizes], np.float64)
    without = np.array([factorial(s) * factorial(max(count - s - 1, 0)) for s in sizes], np.float64)
    weights: np.ndarray = np.where(masks, with_it[:, None], -without[:, None]).T / factorial(count)
    return weights
