"""Rules, calibration, diversity and exploration: the last word on the order of a list, in the graph.

Order of things: `never` filters; `only` and `at_most` put what they do not want behind everything else,
from where it comes back if there is too little of what they want (`at_most` gives way first, then the
last `only`); calibration, then diversity reorder the head, from which exploration draws; pins come last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from components.recommender.candidates.embedding_table import EmbeddingTable
from components.recommender.candidates.item_to_item import frozen
from components.recommender.post_ranking import ordering
from components.recommender.post_ranking.calibration import Calibration
from components.recommender.post_ranking.compiled_rules import CompiledRule
from components.recommender.post_ranking.diversity import (
    HEAD,
    METHODS,
    Diversity,
    Strength,
    head_size,
    kernel,
    relevance_by_rank,
)
from components.recommender.post_ranking.exploration import Exploration
from components.recommender.post_ranking.filters import FILTERED, filter_scores
from components.recommender.post_ranking.freshness import Freshness
from components.recommender.post_ranking.ranked_list import RankedList, make_ranked_list
from schema import names
from schema.features import raw_name
from schema.rules import SimpleCondition, bounds, number_choices, text_choices
from schema.served import tracing

Tensors = dict[str, Any]
Watch = Callable[[str, tf.Tensor], object]

_FILL = 200


def ignored(step: str, order: tf.Tensor) -> None:
    """Watches nothing."""
    del step, order


class PostRanker(tf.Module):
    """Applies rules, and whatever else changes an order; what is None adds no operation to the graph.

    Args:
        rules: Looked up in the catalogue.
        embeddings: Candidate embeddings of length 1.
        categories: `category_codes` `[products, columns, members]`.
        diversity: Reorders the head.
        calibration: Brings the mix of categories towards the user's own.
        freshness: Raises new products.
        exploration: Draws the head.
    """

    def __init__(
        self,
        rules: Sequence[CompiledRule],
        embeddings: EmbeddingTable,
        categories: np.ndarray,
        diversity: Diversity,
        calibration: Calibration | None = None,
        freshness: Freshness | None = None,
        exploration: Exploration | None = None,
    ) -> None:
        super().__init__()
        self.rules = list(rules)
        self.masks = [frozen(rule.products, tf.bool) for rule in rules]
        self.groups = [frozen(rule.groups, tf.int64) for rule in rules]
        self.embeddings = embeddings
        self.categories = frozen(categories, tf.int32)
        self.diversity = diversity.strength
        self.calibration, self.freshness, self.exploration = calibration, freshness, exploration
        self.method = diversity.method
        self._choose = METHODS[diversity.method]
        self.ignored: tf.Tensor | None = None
        """Which rules do not count `[rules]`, where somebody asks what would be without them."""

    @property
    def changes_order(self) -> bool:
        """Whether a list can come out in another order than that of its scores."""
        if self.diversity > 0 or self.calibration is not None or self.exploration is not None:
            return True
        return self.looks_further

    @property
    def looks_further(self) -> bool:
        """Whether rules may look for products below the first of the list, however many those are."""
        return any(compiled.rule.action in ("pin", "only", "at_most") for compiled in self.rules)

    def wanted_products(self, popular: np.ndarray) -> np.ndarray:
        """Products that `pin` and `only` need in every list, the most popular first; int64 `[products]`."""
        found: dict[int, None] = {}
        for number in range(len(self.rules)):
            found |= dict.fromkeys(self.wanted_by(number, popular).tolist())
        return np.array(list(found), np.int64)

    def wanted_by(self, number: int, popular: np.ndarray) -> np.ndarray:
        """Those of one rule."""
        compiled = self.rules[number]
        if compiled.rule.action not in ("pin", "only"):
            return np.zeros(0, np.int64)
        first = popular[compiled.products[popular]]
        others = np.setdiff1d(np.flatnonzero(compiled.products), first)
        return np.asarray(np.concatenate([first, others])[:_FILL], np.int64)

    def adjusted(self, index: tf.Tensor, scores: tf.Tensor, inputs: Tensors) -> tf.Tensor:
        """Scores after freshness, `boost` and `bury`, all in standard deviations of the row."""
        if self.freshness is not None:
            scores = self.freshness(index, scores, inputs[names.QUERY_TIME])
        spread = tf.math.reduce_std(scores, axis=1, keepdims=True)
        for rule_index, rule in self._each("boost", "bury"):
            sign = 1.0 if rule.rule.action == "boost" else -1.0
            named = tf.cast(self.named(rule_index, index, inputs), tf.float32)
            scores += sign * rule.rule.amount * spread * named
        return scores

    def forbidden(self, index: tf.Tensor, scores: tf.Tensor, inputs: Tensors) -> tf.Tensor:
        """Scores without the products that a `never` names."""
        for rule_index, _ in self._each("never"):
            scores = filter_scores(scores, self.named(rule_index, index, inputs))
        return scores

    def __call__(
        self,
        index: tf.Tensor,
        scores: tf.Tensor,
        inputs: Tensors,
        top_k: tf.Tensor,
        bought: tf.Tensor,
        diversity: tf.Tensor | None = None,
        watch: Watch = ignored,
    ) -> RankedList:
        """Orders scored products and cuts the lists.

        Args:
            index: Products `[batch, width]`.
            scores: `[batch, width]`.
            inputs: The request.
            top_k: Length of the lists, scalar.
            bought: What the user bought, -1 pads `[batch, time]`.
            diversity: Stands in for the configured one, 0 to 1, scalar.
            watch: Called after each step with its name, one of `schema.served.tracing.STEPS`, and the order.
        """
        nothing = tf.fill(tf.shape(scores), "")
        alive = scores > FILTERED
        tier, relaxed = self._tiers(index, inputs, nothing)
        tier = tf.where(alive, tier, tf.int32.max)
        order = ordering.by_score(scores)  # which puts what is filtered last
        watch(tracing.RELEVANCE, order)
        if self._each("only"):
            order = ordering.by_tier(order, tier)
            watch(tracing.ONLY, order)
        if self.calibration is not None:
            # What reorders the head after it must find the same head however long the list is.
            length = HEAD if self._reorders_head(diversity) else top_k
            order = ordering.by_tier(self.calibration(order, index, scores, bought, length), tier)
            watch(tracing.CALIBRATION, order)
        length = top_k if self.exploration is None else HEAD  # likewise
        order = self._diversified(order, index, scores, tier, length, diversity)
        watch(tracing.DIVERSITY, order)
        if self.exploration is not None:
            order, chance = self.exploration(order, index, tier, inputs)
            order = ordering.by_tier(order, tier)
            watch(tracing.EXPLORATION, order)
        if self._each("at_most"):
            over, relaxed = self._over_the_limit(order, index, inputs, relaxed)
            order = ordering.by_tier(order, tf.where(alive, tier * 2 + over, tf.int32.max))
            watch(tracing.AT_MOST, order)
        order, pinned_by = self._pinned(order, index, alive, inputs, nothing)
        watch(tracing.PIN, order)
        free = pinned_by == ""
        ranked_list = make_ranked_list(order, scores, pinned_by, tf.where(free, relaxed, ""), top_k)
        if self.exploration is None:
            return ranked_list
        chance = tf.gather(tf.where(free, chance, 1.0), ranked_list.position, batch_dims=1)
        return replace(ranked_list, propensity=chance)

    def _reorders_head(self, diversity: tf.Tensor | None) -> bool:
        return self.diversity > 0 or diversity is not None or self.exploration is not None

    def _each(self, *actions: str) -> list[tuple[int, CompiledRule]]:
        return [
            (rule_index, rule) for rule_index, rule in enumerate(self.rules) if rule.rule.action in actions
        ]

    def named(self, rule_index: int, index: tf.Tensor, inputs: Tensors) -> tf.Tensor:
        """Whether a rule names each product of each row `[batch, width]`."""
        named = tf.gather(self.masks[rule_index], index)
        return tf.logical_and(named, self._holds(rule_index, index, inputs))

    def _holds(self, rule_index: int, index: tf.Tensor, inputs: Tensors) -> tf.Tensor:
        """Whether a rule holds for each user `[batch, 1]`."""
        holds = tf.fill([tf.shape(index)[0]], True)
        if self.ignored is not None:
            holds = tf.logical_and(holds, ~self.ignored[rule_index])
        for column, wanted in self.rules[rule_index].rule.users.items():
            key = column if column == names.USER_ID else raw_name(names.USER_PREFIX, column)
            holds = tf.logical_and(holds, _in_segment(inputs[key], wanted))
        return holds[:, tf.newaxis]

    def _tiers(self, index: tf.Tensor, inputs: Tensors, nothing: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Higher for what breaks an `only`, highest for what breaks the first; and its name."""
        tier, relaxed = tf.zeros_like(nothing, tf.int32), nothing
        only = self._each("only")
        for number, (rule_index, rule) in enumerate(only):
            named = tf.gather(self.masks[rule_index], index)
            breaks = tf.logical_and(~named, self._holds(rule_index, index, inputs))
            tier += tf.cast(breaks, tf.int32) * 2 ** (len(only) - 1 - number)
            relaxed = tf.where(tf.logical_and(breaks, relaxed == ""), rule.name, relaxed)
        return tier, relaxed

    def _over_the_limit(
        self, order: tf.Tensor, index: tf.Tensor, inputs: Tensors, relaxed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """1 for what an `at_most` wants no more of, in the order that the list has so far."""
        over = tf.zeros_like(order)
        back = tf.argsort(order)
        for rule_index, rule in self._each("at_most"):
            groups = tf.gather(self.groups[rule_index], tf.gather(index, order, batch_dims=1))
            many = ordering.over_limit(groups, rule.rule.count)
            many = tf.logical_and(many, self._holds(rule_index, index, inputs))
            breaks = tf.gather(many, back, batch_dims=1)
            over = tf.maximum(over, tf.cast(breaks, tf.int32))
            relaxed = tf.where(tf.logical_and(breaks, relaxed == ""), rule.name, relaxed)
        return over, relaxed

    def _diversified(
        self,
        order: tf.Tensor,
        index: tf.Tensor,
        scores: tf.Tensor,
        tier: tf.Tensor,
        top_k: tf.Tensor,
        wanted: tf.Tensor | None,
    ) -> tf.Tensor:
        def diversified(strength: Strength) -> tf.Tensor:
            head = order[:, : head_size(order)]
            product = tf.gather(index, head, batch_dims=1)
            similarity = kernel(self.embeddings.of(product), tf.gather(self.categories, product))
            count = tf.minimum(top_k, tf.shape(head)[1])
            relevance = relevance_by_rank(scores, tf.shape(head)[1])
            chosen = self._choose(relevance, similarity, strength, count)
            return ordering.by_tier(ordering.head_first(order, chosen), tier)

        if wanted is not None:
            return tf.cond(wanted > 0, lambda: diversified(wanted), lambda: order)
        return diversified(self.diversity) if self.diversity > 0 else order

    def _pinned(
        self, order: tf.Tensor, index: tf.Tensor, alive: tf.Tensor, inputs: Tensors, nothing: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Takes what is pinned out, then puts it in from the lowest rank to the highest."""
        pins = sorted(self._each("pin"), key=lambda pin: pin[1].rule.position)
        pinned_by, taken = nothing, []
        ranks = tf.range(tf.shape(order)[1])[tf.newaxis, :]
        for rule_index, rule in pins:
            free = tf.logical_and(self.named(rule_index, index, inputs), alive)
            free = tf.logical_and(free, pinned_by == "")
            where = _first(tf.gather(free, order, batch_dims=1))
            entry = tf.where(where >= 0, tf.gather(order, tf.maximum(where, 0), batch_dims=1), -1)
            pinned_by = tf.where(ranks == entry[:, tf.newaxis], rule.name, pinned_by)
            taken.append(entry)
        last = tf.fill([tf.shape(order)[0]], tf.shape(order)[1] - 1)
        for entry in taken:
            order = ordering.moved(order, _first(order == entry[:, tf.newaxis]), last)
        last_alive = tf.reduce_sum(tf.cast(alive, tf.int32), axis=1) - 1
        for entry, (_, rule) in zip(taken, pins, strict=True):
            target = tf.maximum(tf.minimum(last_alive, rule.rule.position - 1), 0)
            order = ordering.moved(order, _first(order == entry[:, tf.newaxis]), target)
        return order, pinned_by


def _in_segment(values: tf.Tensor, condition: SimpleCondition) -> tf.Tensor:
    """`schema.rules.matches` in the graph, for users' texts or single-precision numbers `[batch]`.

    Of sets and paths any of the members `[batch, members]`.
    """
    limits = bounds(condition)
    if values.dtype != tf.string and limits is not None:
        return tf.logical_and(values >= limits[0], values < limits[1])
    if values.dtype == tf.string:
        known = tf.constant(text_choices(condition), tf.string)
    else:
        known = tf.constant(number_choices(condition), values.dtype)
    return tf.reduce_any(values[..., tf.newaxis] == known, axis=list(range(1, values.shape.rank + 1)))


def _first(mask: tf.Tensor) -> tf.Tensor:
    """Index of the first true entry of each row, -1 without one."""
    first = tf.argmax(tf.cast(mask, tf.int32), axis=1, output_type=tf.int32)
    return tf.where(tf.reduce_any(mask, axis=1), first, -1)
