"""The trace of one product through the stages of the served model, in the graph.

The stages are those that answer: the same functions on the same tables. What is asked is as if the product
were available, so that the trace of one that is sold out goes on; and rules and the exclusion of what was
bought may be left out, so that it can be told what would be without them.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import tensorflow as tf

from components.recommender.candidates.item_to_item import frozen
from components.recommender.candidates.sources import NEIGHBOURS
from components.recommender.graph import Recommender
from components.recommender.lists import ListOptions, ScoredLists
from components.recommender.post_ranking.filters import FILTERED, Membership
from components.recommender.tracing.fill_order import FillOrder
from components.recommender.tracing.source_trace import rank_among, trace_sources
from schema import names
from schema.served import score_parts, tracing

Tensors = dict[str, Any]

_OF_RANKER = ("times_bought", "days_since_last", "interval_days")


class Tracer(tf.Module):
    """The signature `explain`; the contract stands in `docs/served-model.md`.

    Args:
        recommender: Whose stages are traced.
    """

    def __init__(self, recommender: Recommender) -> None:
        super().__init__()
        self._recommender = recommender
        self.fill = FillOrder(recommender)
        cold = recommender.cold_start
        self.cold_lists = frozen(cold.products.numpy(), tf.int64) if cold is not None else None

    def signature(self) -> dict[str, tf.TensorSpec]:
        """Specs of the inputs."""
        num_rules = len(self._recommender.post_ranker.rules)
        return self._recommender.signature() | {
            names.PRODUCT_ID: tf.TensorSpec([None], tf.string, names.PRODUCT_ID),
            names.TOP_K: tf.TensorSpec([], tf.int64, names.TOP_K),
            names.EXCLUDE_PURCHASED: tf.TensorSpec([], tf.bool, names.EXCLUDE_PURCHASED),
            names.DIVERSITY: tf.TensorSpec([], tf.float32, names.DIVERSITY),
            tracing.WITHOUT_RULES: tf.TensorSpec([num_rules], tf.bool, tracing.WITHOUT_RULES),
            tracing.WITHOUT_EXCLUSION: tf.TensorSpec([], tf.bool, tracing.WITHOUT_EXCLUSION),
        }

    def explain(self, **inputs: tf.Tensor) -> Tensors:
        """The lists as if the products were available, and the trace of each row's product."""
        product, known = self._product(inputs.pop(names.PRODUCT_ID))
        ignored, without = inputs.pop(tracing.WITHOUT_RULES), inputs.pop(tracing.WITHOUT_EXCLUSION)
        options = ListOptions.taken_from(inputs)
        hidden = tf.gather(self._recommender.sources.hidden, product)
        view = self._as_if(product, known, ignored, without)
        histories, query = view.query(inputs)
        retrieved, query = view.retrieved(histories, query)
        found = retrieved.found
        orders: dict[str, tf.Tensor] = {}
        candidates, history = view.ranked(query, found), query[names.HISTORY_INDEX]
        listed = view.listed(inputs, options, histories, history, candidates, orders.__setitem__)
        excluded = view.excluded(histories, options.exclude_purchased)
        given = {
            "is_known": known,
            "is_hidden": tf.logical_and(known, hidden),
            "is_excluded": excluded(product[:, tf.newaxis])[:, 0],
            "is_named": _named(view, product, inputs),
            "is_cold": tf.reduce_all(history < 0, axis=1),
            "neighbour_of": view.outputs.nearest_recent(
                product[:, tf.newaxis],
                tf.fill([tf.shape(product)[0], 1], NEIGHBOURS),
                history,
            )[:, 0],
        }
        given |= trace_sources(view.sources, retrieved, query, product)
        with_it, position = _with_product(view, retrieved.scores, found, product)
        given |= self._ranked(view, inputs, query, with_it, position, excluded)
        given |= _listed_at(listed, product, orders)
        given["is_candidate"] = tf.reduce_any(found[names.CANDIDATE_INDEX] == product[:, tf.newaxis], axis=1)
        outputs: Tensors = view.outputs(listed, history)
        return outputs | {tracing.PREFIX + name: value for name, value in given.items()}

    def _product(self, product_id: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Indices in the vocabulary, 0 for unknown ones, int64; and which are known."""
        same = product_id[:, tf.newaxis] == self._recommender.product_ids[tf.newaxis, :]
        return tf.argmax(tf.cast(same, tf.int32), axis=1), tf.reduce_any(same, axis=1)

    def _as_if(
        self, product: tf.Tensor, known: tf.Tensor, ignored: tf.Tensor, without: tf.Tensor
    ) -> Recommender:
        """The recommender with the products available, without some rules, and without the exclusion."""
        model = self._recommender
        asked = tf.where(known, product, -1)
        number = tf.range(model.sources.num_products, dtype=tf.int64)
        is_asked = tf.reduce_any(number[tf.newaxis, :] == asked[:, tf.newaxis], axis=0)
        hidden = tf.logical_and(model.sources.hidden, ~is_asked)
        cold = model.cold_start
        if cold is not None:
            gone = tf.gather(hidden, tf.maximum(self.cold_lists, 0))
            cold = _changed(cold, products=tf.where(gone, tf.constant(-1, tf.int64), self.cold_lists))
        settings = model.settings
        view: Recommender = _changed(
            model,
            sources=_changed(model.sources, hidden=hidden),
            post_ranker=_changed(model.post_ranker, ignored=ignored),
            fill=self.fill(hidden, ignored),
            cold_start=cold,
            settings=replace(settings, exclude_days=tf.where(without, 0.0, settings.exclude_days)),
        )
        return view

    def _ranked(
        self,
        view: Recommender,
        inputs: Tensors,
        query: Tensors,
        found: Tensors,
        position: tf.Tensor,
        excluded: Membership,
    ) -> Tensors:
        """Ranks among the candidates that may come, by the ranker and after what moves its scores."""
        index = found[names.CANDIDATE_INDEX]
        pairs = {name: found[name] for name in (names.CANDIDATE_INDEX, names.CANDIDATE_FEATURES)}
        signature = view.ranking.signatures[names.EXPLAIN]
        ranked = signature(**query, **pairs, **{score_parts.POSITION: position})
        may_come = view.allowed(index, tf.zeros_like(ranked["scores"]), excluded, inputs) > FILTERED
        may_come = tf.logical_and(may_come, ~tf.gather(view.sources.hidden, index))
        itself = tf.range(tf.shape(index)[1])[tf.newaxis, :] == position[:, tf.newaxis]
        counts = tf.logical_or(may_come, itself)
        adjusted = view.adjusted(found, ranked, inputs)
        inserted = view.insert_new(index, tf.where(counts, adjusted, FILTERED), found["candidate_source"])
        own = {name: tf.gather(ranked[name], position, batch_dims=1) for name in _OF_RANKER}
        parts = (
            score_parts.CONTRIBUTIONS,
            score_parts.ANCHOR_CONTRIBUTION,
            score_parts.SCORE_OF_IT,
            score_parts.MEAN_SCORE,
        )
        return {
            "ranker_rank": rank_among(ranked["scores"], position, counts),
            "adjusted_rank": rank_among(adjusted, position, counts),
            "inserted_rank": rank_among(inserted, position, counts),
            "num_ranked": tf.reduce_sum(tf.cast(counts, tf.int32), axis=1),
            **own,
            **{name: ranked[name] for name in parts},
        }


def _changed(module: Any, **values: Any) -> Any:
    """The same module with other attributes; the original and what is tracked of it stay."""
    made = copy.copy(module)
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made


def _named(view: Recommender, product: tf.Tensor, inputs: Tensors) -> tf.Tensor:
    """Which rules name each product for its user `[batch, rules]`, those that are left out too."""
    post_ranker = _changed(view.post_ranker, ignored=None)
    named = [
        post_ranker.named(number, product[:, tf.newaxis], inputs)[:, 0]
        for number in range(len(post_ranker.rules))
    ]
    return tf.stack(named, axis=1) if named else tf.zeros([tf.shape(product)[0], 0], tf.bool)


def _with_product(
    view: Recommender, scores: Any, found: Tensors, product: tf.Tensor
) -> tuple[Tensors, tf.Tensor]:
    """The candidates, with the product instead of the last where it is none; and its column."""
    index = found[names.CANDIDATE_INDEX]
    is_there = index == product[:, tf.newaxis]
    slot = tf.range(tf.shape(index)[1])[tf.newaxis, :]
    column = tf.where(
        tf.reduce_any(is_there, axis=1),
        tf.argmax(tf.cast(is_there, tf.int32), axis=1, output_type=tf.int32),
        tf.shape(index)[1] - 1,
    )
    itself = slot == column[:, tf.newaxis]
    own = view.sources.features(scores, product[:, tf.newaxis])
    features = tf.where(itself[..., tf.newaxis], own, found[names.CANDIDATE_FEATURES])
    taken = {
        names.CANDIDATE_INDEX: tf.where(itself, product[:, tf.newaxis], index),
        names.CANDIDATE_FEATURES: features,
    }
    return found | taken, column


def _listed_at(listed: ScoredLists, product: tf.Tensor, orders: dict[str, tf.Tensor]) -> Tensors:
    """The rank of the product after each step of post-ranking, int32 `[batch, steps]`; 0 if it is out."""
    same = listed.index == product[:, tf.newaxis]
    own = tf.where(same, listed.scores, FILTERED)
    slot = tf.argmax(own, axis=1, output_type=tf.int32)
    is_in = tf.reduce_max(own, axis=1) > FILTERED
    ranks: list[tf.Tensor] = []
    for step in tracing.STEPS:
        if step in orders:
            rank = tf.argmax(tf.cast(orders[step] == slot[:, tf.newaxis], tf.int32), axis=1)
            ranks.append(tf.where(is_in, 1 + tf.cast(rank, tf.int32), 0))
        else:
            ranks.append(ranks[-1])
    in_segment = tf.zeros_like(is_in)
    if listed.cold is not None:
        in_segment = tf.logical_and(is_in, slot >= listed.cold.start)
    return {"step_rank": tf.stack(ranks, axis=1), "is_in_segment": in_segment}
