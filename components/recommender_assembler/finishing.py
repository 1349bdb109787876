"""Rules and diversity: the last word on the order of a list, in the graph.

Order of things: `never` filters; `only` and `at_most` put what they do not want behind everything else,
from where it comes back if there is too little of what they want (`at_most` gives way first, then the
last `only`); diversity reorders the head; pins come last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from components.candidate_sources.item_to_item import frozen
from components.recommender_assembler import ordering
from components.recommender_assembler.compiled_rules import NO_GROUP, CompiledRule
from components.recommender_assembler.diversity import dpp, kernel, mmr
from components.recommender_assembler.post_ranking import FILTERED, cut, filter_scores
from components.rule_settings import Range, Wanted
from schema import names

Tensors = dict[str, Any]

_FILL = 200
_POOL_FACTOR = 5
_LEAST_POOL, _MOST_POOL = 100, 500
_MOST_CHOSEN = 100


@dataclass(frozen=True)
class Finished:
    """A finished list.

    Attributes:
        position: Places in the scored candidates `[batch, top_k]`.
        score: `[batch, top_k]`.
        exists: Whether there is a product `[batch, top_k]`.
        pinned_by: Name of the rule that put it there, or empty `[batch, top_k]`.
        relaxed: Name of the rule that it breaks for want of others, or empty `[batch, top_k]`.
    """

    position: tf.Tensor
    score: tf.Tensor
    exists: tf.Tensor
    pinned_by: tf.Tensor
    relaxed: tf.Tensor


class Finishing(tf.Module):
    """Applies rules and diversity.

    Args:
        rules: Looked up in the catalogue.
        embeddings: Candidate embeddings of length 1 `[products, dim]`.
        categories: Codes of the category columns, -1 where missing `[products, columns]`.
        diversity: 0 to 1.
        method: `mmr` or `dpp`.
    """

    def __init__(
        self,
        rules: Sequence[CompiledRule],
        embeddings: tf.Variable,
        categories: np.ndarray,
        diversity: float,
        method: Literal["mmr", "dpp"],
    ) -> None:
        super().__init__()
        self.rules = list(rules)
        self.masks = [frozen(rule.products, tf.bool) for rule in rules]
        self.groups = [frozen(rule.groups, tf.int64) for rule in rules]
        self.embeddings = embeddings
        self.categories = frozen(categories, tf.int64)
        self.diversity = diversity
        self._choose = {"mmr": mmr, "dpp": dpp}[method]

    @property
    def changes_order(self) -> bool:
        """Whether a list can come out in another order than that of its scores."""
        return self.diversity > 0 or any(r.rule.action in ("pin", "only", "at_most") for r in self.rules)

    def wanted_products(self, popular: np.ndarray) -> np.ndarray:
        """Products that `pin` and `only` need in every list, the most popular first; int64 `[products]`."""
        found: dict[int, None] = {}
        for compiled in self.rules:
            if compiled.rule.action in ("pin", "only"):
                first = popular[compiled.products[popular]]
                named = np.concatenate([first, np.setdiff1d(np.flatnonzero(compiled.products), first)])
                found |= dict.fromkeys(named[:_FILL].tolist())
        return np.array(list(found), np.int64)

    def adjusted(self, index: tf.Tensor, scores: tf.Tensor, inputs: Tensors) -> tf.Tensor:
        """Scores after `boost` and `bury`, in standard deviations of the row `[batch, candidates]`."""
        spread = tf.math.reduce_std(scores, axis=1, keepdims=True)
        for place, rule in self._each("boost", "bury"):
            sign = 1.0 if rule.rule.action == "boost" else -1.0
            named = tf.cast(self._named(place, index, inputs), tf.float32)
            scores += sign * rule.rule.amount * spread * named
        return scores

    def forbidden(self, index: tf.Tensor, scores: tf.Tensor, inputs: Tensors) -> tf.Tensor:
        """Scores without the products that a `never` names."""
        for place, _ in self._each("never"):
            scores = filter_scores(scores, self._named(place, index, inputs))
        return scores

    def __call__(self, index: tf.Tensor, scores: tf.Tensor, inputs: Tensors, top_k: tf.Tensor) -> Finished:
        """Orders scored products `[batch, width]` and cuts them to `top_k`."""
        nothing = tf.fill(tf.shape(scores), "")
        alive = scores > FILTERED
        tier, relaxed = self._tiers(index, inputs, nothing)
        tier = tf.where(alive, tier, tf.int32.max)
        order = ordering.by_tier(ordering.by_score(scores), tier)
        if self.diversity > 0:
            order = ordering.by_tier(self._diversified(order, index, top_k), tier)
        over, relaxed = self._over_the_limit(order, index, inputs, relaxed)
        order = ordering.by_tier(order, tf.where(alive, tier * 2 + over, tf.int32.max))
        order, pinned_by = self._pinned(order, index, alive, inputs, nothing)
        return _cut(order, scores, pinned_by, tf.where(pinned_by == "", relaxed, ""), top_k)

    def _each(self, *actions: str) -> list[tuple[int, CompiledRule]]:
        return [(place, rule) for place, rule in enumerate(self.rules) if rule.rule.action in actions]

    def _named(self, place: int, index: tf.Tensor, inputs: Tensors) -> tf.Tensor:
        """Whether a rule names each product of each row `[batch, width]`."""
        named = tf.gather(self.masks[place], index)
        return tf.logical_and(named, self._holds(place, index, inputs))

    def _holds(self, place: int, index: tf.Tensor, inputs: Tensors) -> tf.Tensor:
        """Whether a rule holds for each user `[batch, 1]`."""
        holds = tf.ones([tf.shape(index)[0]], tf.bool)
        for column, wanted in self.rules[place].rule.users.items():
            key = column if column == names.USER_ID else names.USER_PREFIX + column
            holds = tf.logical_and(holds, _in_segment(inputs[key], wanted))
        return holds[:, tf.newaxis]

    def _tiers(self, index: tf.Tensor, inputs: Tensors, nothing: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Higher for what breaks an `only`, highest for what breaks the first; and its name."""
        tier, relaxed = tf.zeros_like(nothing, tf.int32), nothing
        only = self._each("only")
        for number, (place, rule) in enumerate(only):
            named = tf.gather(self.masks[place], index)
            breaks = tf.logical_and(~named, self._holds(place, index, inputs))
            tier += tf.cast(breaks, tf.int32) * 2 ** (len(only) - 1 - number)
            relaxed = tf.where(tf.logical_and(breaks, relaxed == ""), rule.name, relaxed)
        return tier, relaxed

    def _over_the_limit(
        self, order: tf.Tensor, index: tf.Tensor, inputs: Tensors, relaxed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """1 for what an `at_most` wants no more of, in the order that the list has so far."""
        over = tf.zeros_like(order)
        back = tf.argsort(order)
        for place, rule in self._each("at_most"):
            group = tf.gather(self.groups[place], tf.gather(index, order, batch_dims=1))
            many = tf.logical_and(ordering.occurrence(group) >= rule.rule.count, group != NO_GROUP)
            many = tf.logical_and(many, self._holds(place, index, inputs))
            breaks = tf.gather(many, back, batch_dims=1)
            over = tf.maximum(over, tf.cast(breaks, tf.int32))
            relaxed = tf.where(tf.logical_and(breaks, relaxed == ""), rule.name, relaxed)
        return over, relaxed

    def _diversified(self, order: tf.Tensor, index: tf.Tensor, top_k: tf.Tensor) -> tf.Tensor:
        pool = tf.clip_by_value(_POOL_FACTOR * top_k, _LEAST_POOL, _MOST_POOL)
        pool = tf.minimum(pool, tf.shape(order)[1])
        product = tf.gather(index, order[:, :pool], batch_dims=1)
        likeness = kernel(tf.gather(self.embeddings, product), tf.gather(self.categories, product))
        place = tf.range(tf.cast(pool, tf.float32))[tf.newaxis, :] + tf.zeros_like(product, tf.float32)
        relevance = 1.0 - place / tf.cast(tf.maximum(pool - 1, 1), tf.float32)
        count = tf.minimum(tf.minimum(top_k, _MOST_CHOSEN), pool)
        return ordering.head_first(order, self._choose(relevance, likeness, self.diversity, count))

    def _pinned(
        self, order: tf.Tensor, index: tf.Tensor, alive: tf.Tensor, inputs: Tensors, nothing: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Takes what is pinned out, then puts it in from the lowest rank to the highest."""
        pins = sorted(self._each("pin"), key=lambda pin: pin[1].rule.position)
        pinned_by, taken = nothing, []
        places = tf.range(tf.shape(order)[1])[tf.newaxis, :]
        for place, rule in pins:
            free = tf.logical_and(self._named(place, index, inputs), alive)
            free = tf.logical_and(free, pinned_by == "")
            where = _first(tf.gather(free, order, batch_dims=1))
            entry = tf.where(where >= 0, tf.gather(order, tf.maximum(where, 0), batch_dims=1), -1)
            pinned_by = tf.where(places == entry[:, tf.newaxis], rule.name, pinned_by)
            taken.append(entry)
        last = tf.fill([tf.shape(order)[0]], tf.shape(order)[1] - 1)
        for entry in taken:
            order = ordering.moved(order, _first(order == entry[:, tf.newaxis]), last)
        alive_places = tf.reduce_sum(tf.cast(alive, tf.int32), axis=1) - 1
        for entry, (_, rule) in zip(taken, pins, strict=True):
            target = tf.maximum(tf.minimum(alive_places, rule.rule.position - 1), 0)
            order = ordering.moved(order, _first(order == entry[:, tf.newaxis]), target)
        return order, pinned_by


def as_scored(scores: tf.Tensor, top_k: tf.Tensor) -> Finished:
    """The list in the order of its scores, without any rule."""
    position, score, exists = cut(scores, top_k)
    nothing = tf.fill(tf.shape(position), "")
    return Finished(position, score, exists, nothing, nothing)


def _in_segment(values: tf.Tensor, wanted: Wanted) -> tf.Tensor:
    """Whether each user's value `[batch]` is a wanted one; missing values are none."""
    if isinstance(wanted, Range):
        least = -np.inf if wanted.at_least is None else wanted.at_least
        below = np.inf if wanted.below is None else wanted.below
        return tf.logical_and(values >= least, values < below)
    choices = wanted if isinstance(wanted, tuple) else (wanted,)
    if values.dtype == tf.string:
        known = tf.constant([str(choice) for choice in choices])
    else:
        known = tf.constant([float(choice) for choice in choices], values.dtype)
    return tf.reduce_any(values[:, tf.newaxis] == known, axis=1)


def _first(mask: tf.Tensor) -> tf.Tensor:
    """Place of the first true entry of each row, -1 without one."""
    place = tf.argmax(tf.cast(mask, tf.int32), axis=1, output_type=tf.int32)
    return tf.where(tf.reduce_any(mask, axis=1), place, -1)


def _cut(
    order: tf.Tensor, scores: tf.Tensor, pinned_by: tf.Tensor, relaxed: tf.Tensor, top_k: tf.Tensor
) -> Finished:
    count = tf.minimum(top_k, tf.shape(order)[1])
    missing = [[0, 0], [0, top_k - count]]
    position = order[:, :count]
    score = tf.pad(tf.gather(scores, position, batch_dims=1), missing, constant_values=FILTERED)
    position = tf.pad(position, missing)
    named, broken = (tf.gather(texts, position, batch_dims=1) for texts in (pinned_by, relaxed))
    exists = score > FILTERED
    return Finished(position, score, exists, tf.where(exists, named, ""), tf.where(exists, broken, ""))
