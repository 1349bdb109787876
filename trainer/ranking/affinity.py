"""Affinity features: what a user's history says about each candidate, computed in the graph."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import tensorflow as tf

from schema import names
from schema.served import score_parts
from schema.tensors.grouping import NEVER_DAYS, GroupTotals, Totals, group_totals, joint_keys
from trainer.ranking.set_totals import SetTotals

_HALF_LIVES_IN_WINDOWS = (0.125, 0.5, 1.5, 4.0)
_MAX_AGE_WINDOWS = 4.0
_OTHER_TYPES_DECAYS = 2
_NUM_REPEAT_FEATURES = 7
_NUM_LOYALTIES = 2
NUM_USER_FEATURES: Final = 4
"""Activity of the user, beside what is of a pair."""

Tensors = dict[str, Any]


@dataclass(frozen=True)
class AffinityInputs:
    """What does not depend on the query.

    Attributes:
        num_products: Size of the catalogue.
        categories: Product columns to compare, levels of paths among them, name -> index, int `[products]`.
        numbers: Product columns of bucketised numbers, name -> bucket, int `[products]`.
        sets: Product columns of several values, name -> indices, -1 pads, int `[products, members]`.
        positive_types: Whether an event of each known type is a target, `[event types]`.
        window_days: Length of the eval window in days.
    """

    num_products: int
    categories: dict[str, np.ndarray]
    numbers: dict[str, np.ndarray]
    positive_types: tuple[bool, ...]
    window_days: float
    sets: dict[str, np.ndarray] = field(default_factory=dict)


class AffinityFeatures(tf.keras.layers.Layer):
    """Compares each candidate with each event of the history, by product and by every category.

    Args:
        inputs: Product columns and constants.
    """

    def __init__(self, inputs: AffinityInputs, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.half_lives = tuple(share * inputs.window_days for share in _HALF_LIVES_IN_WINDOWS)
        self.window_days = inputs.window_days
        self.num_categories = len(inputs.categories)
        self.has_other_types = not all(inputs.positive_types)
        # The product itself is the first grouping, and the second if not only what is bought counts.
        groupings = [np.arange(inputs.num_products), *inputs.categories.values()]
        if self.has_other_types:
            groupings.insert(0, groupings[0])
        keys, self.num_keys = joint_keys(groupings)
        self.groupings = tf.constant(keys)
        self.sets = {name: SetTotals(members) for name, members in inputs.sets.items()}
        self.numbers = {name: tf.constant(values) for name, values in inputs.numbers.items()}
        self.positive_types = tf.constant([False, *inputs.positive_types])

    def call(self, inputs: Tensors) -> Tensors:
        """Computes the features of every (query, candidate) pair.

        Args:
            inputs: `history_index`, `history_age`, `history_type` `[batch, time]` and
                `candidate_index` `[batch, candidates]`.

        Returns:
            `features` float32 `[batch, candidates, features]` of each pair, `user_features` float32 `[batch,
            features]`, `own_counts` float32 `[batch, candidates, half-lives]` (purchases of the candidate,
            plain and by each half-life), `last_seen` float32 `[batch, candidates]` (1 for an event of any
            type just now, falling to 0 for none), and for explanations `times_bought`, `days_since_last`
            (NaN if never) and `interval_days` (NaN before the second purchase), each `[batch, candidates]`.
        """
        history = tf.maximum(inputs[names.HISTORY_INDEX], 0)
        candidates = inputs[names.CANDIDATE_INDEX]
        known = inputs[names.HISTORY_INDEX] >= 0
        positive = tf.logical_and(known, tf.gather(self.positive_types, inputs[names.HISTORY_TYPE] + 1))
        age = inputs[names.HISTORY_AGE]
        weights = self._event_weights(age, known, positive)
        totals = self._totals(history, candidates, known, positive, weights, age)
        bought = totals.of(0)
        seen = totals.of(1) if self.has_other_types else bought
        repeats, explanation = _repeat_features(bought)
        parts = [tf.math.log1p(seen.counts), repeats]
        if self.num_categories:
            parts.append(self._category_features(seen, totals))
        for members in self.sets.values():
            parts.append(_of_category(seen, members(history, candidates, known, weights, age)))
        parts += [_distance(column, candidates, history, weights) for column in self.numbers.values()]
        return {
            "features": tf.concat(parts, axis=-1),
            "user_features": self._user_features(history, age, positive, weights),
            "own_counts": bought.counts[..., : 1 + len(self.half_lives)],
            "last_seen": tf.where(seen.newest < NEVER_DAYS, 1.0 / (1.0 + seen.newest), 0.0),
            **explanation,
        }

    @property
    def groups(self) -> tuple[str, ...]:
        """Of which of `schema.served.score_parts.GROUPS` each of `features` is."""
        counts = 1 + len(self.half_lives) + (_OTHER_TYPES_DECAYS if self.has_other_types else 0)
        of_category = counts + _NUM_LOYALTIES + 1  # and the age of the newest event
        return (
            *[score_parts.OWN_EVENTS] * (counts + _NUM_REPEAT_FEATURES),
            *[score_parts.CATEGORIES] * ((self.num_categories + len(self.sets)) * of_category),
            *[score_parts.NUMBERS] * len(self.numbers),
        )

    def _event_weights(self, age: tf.Tensor, known: tf.Tensor, positive: tf.Tensor) -> tf.Tensor:
        """Weights of each event `[batch, time, weights]`: plain, decayed; other types decayed."""
        own = [0.0, *(1.0 / half_life for half_life in self.half_lives)]
        others = own[1 : 1 + _OTHER_TYPES_DECAYS] if self.has_other_types else []
        counts = tf.cast(positive, tf.float32)[..., tf.newaxis]
        if others:
            other = tf.cast(tf.logical_and(known, ~positive), tf.float32)[..., tf.newaxis]
            counts = tf.concat([tf.repeat(counts, len(own), 2), tf.repeat(other, len(others), 2)], axis=2)
        halvings = age[..., tf.newaxis] * tf.constant([*own, *others], tf.float32)
        return counts * tf.exp(-math.log(2.0) * halvings)

    def _totals(
        self,
        history: tf.Tensor,
        candidates: tf.Tensor,
        known: tf.Tensor,
        positive: tf.Tensor,
        weights: tf.Tensor,
        age: tf.Tensor,
    ) -> GroupTotals:
        """Those of the product when bought, of the product at all if that differs, of every category."""
        num_seen = int(self.has_other_types) + self.num_categories
        mask = tf.stack([positive, *[known] * num_seen], axis=2)
        events, asked = tf.gather(self.groupings, history), tf.gather(self.groupings, candidates)
        return group_totals(events, asked, mask, weights, age, self.num_keys)

    def _category_features(self, seen: Totals, totals: GroupTotals) -> tf.Tensor:
        """Counts, loyalty and age by each category, one category after the other `[..., features]`."""
        joined = _of_category(
            Totals(seen.counts[:, :, tf.newaxis], seen.newest, seen.oldest),
            totals.beginning_with(1 + int(self.has_other_types)),
        )
        shape = tf.shape(joined)
        return tf.reshape(joined, [shape[0], shape[1], self.num_categories * joined.shape[3]])

    def _user_features(
        self, history: tf.Tensor, age: tf.Tensor, positive: tf.Tensor, weights: tf.Tensor
    ) -> tf.Tensor:
        """Activity of the user, by what does not grow with the age of the data alone `[batch, 4]`.

        Events decayed by the longest half-life, share of the last window in them, share of repeats, and
        windows since the newest event, at most four.
        """
        target = tf.cast(positive, tf.float32)
        lasting = tf.reduce_sum(weights[..., len(self.half_lives)] * target, axis=1)
        recent = tf.reduce_sum(target * tf.cast(age <= self.window_days, tf.float32), axis=1)
        repeats = 1.0 - tf.math.divide_no_nan(_num_distinct(history, positive), tf.reduce_sum(target, axis=1))
        newest = tf.reduce_min(tf.where(positive, age, NEVER_DAYS), axis=1, keepdims=True)[:, 0]
        windows = tf.clip_by_value(newest / self.window_days, 0.0, _MAX_AGE_WINDOWS)
        share = tf.math.divide_no_nan(recent, recent + lasting)
        return tf.stack([tf.math.log1p(lasting), share, repeats, tf.math.log1p(windows)], axis=1)


def _of_category(seen: Totals, of_category: Totals) -> tf.Tensor:
    """Counts, loyalty and age of the newest event of a category `[..., features]`."""
    same = of_category.counts
    columns = [
        tf.math.log1p(same),
        _loyalty(seen.counts, same),
        tf.math.log1p(of_category.newest[..., tf.newaxis]),
    ]
    return tf.concat(columns, axis=-1)


def _repeat_features(bought: Totals) -> tuple[tf.Tensor, Tensors]:
    """Ages of the last and first purchase, the usual interval, and how far into it the user is."""
    count, last, first = bought.counts[..., 0], bought.newest, bought.oldest
    span = tf.maximum(first - last, 0.0)
    regular = tf.logical_and(count >= 2, span > 0)
    interval = tf.where(regular, span / tf.maximum(count - 1.0, 1.0), 0.0)
    lateness = tf.where(regular, tf.math.log1p(last) - tf.math.log1p(interval), 0.0)
    columns = [*map(tf.math.log1p, (last, first, interval)), lateness, tf.abs(lateness)]
    columns += [tf.cast(regular, tf.float32), tf.cast(count > 0, tf.float32)]
    missing = tf.constant(float("nan"))
    explanation = {
        "times_bought": tf.cast(count, tf.int64),
        "days_since_last": tf.where(count > 0, last, missing),
        "interval_days": tf.where(regular, interval, missing),
    }
    return tf.stack(columns, axis=-1), explanation


def _loyalty(counts: tf.Tensor, category_counts: tf.Tensor) -> tf.Tensor:
    """Share of the product in what the user bought of its category, plainly and decayed `[..., 2]`."""
    return tf.math.divide_no_nan(counts[..., 0:3:2], category_counts[..., 0:3:2])


def _distance(column: tf.Tensor, candidates: tf.Tensor, history: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Bucket of the candidate less the mean bucket of what the user buys `[batch, candidates, 1]`."""
    bucket = tf.cast(tf.gather(column, history), tf.float32)
    known = tf.cast(bucket > 0, tf.float32) * weights[..., 0]
    total = tf.reduce_sum(known, axis=1, keepdims=True)
    usual = tf.math.divide_no_nan(tf.reduce_sum(known * bucket, axis=1, keepdims=True), total)
    own = tf.cast(tf.gather(column, candidates), tf.float32)
    comparable = tf.logical_and(own > 0, total > 0)
    return tf.where(comparable, own - usual, 0.0)[..., tf.newaxis]


def _num_distinct(history: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Number of distinct masked products of each row."""
    ordered = tf.sort(tf.where(mask, history, -1), axis=1)
    first = tf.concat([ordered[:, :1] >= 0, ordered[:, 1:] != ordered[:, :-1]], axis=1)
    return tf.reduce_sum(tf.cast(tf.logical_and(first, ordered >= 0), tf.float32), axis=1)
