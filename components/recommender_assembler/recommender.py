"""The served model: transform, retrieval, candidate sources, ranker and post-ranking in one graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components.candidate_sources.item_to_item import frozen
from components.candidate_sources.sources import NEW_PRODUCT, SOURCE_FEATURES, SOURCE_NAMES, CandidateSources
from components.recommender_assembler.finishing import Finished, Finishing, as_scored
from components.recommender_assembler.popularity_discount import discounted
from components.recommender_assembler.post_ranking import append_fill, cut, exclude, filter_scores, place_new
from components.recommender_assembler.product_queries import ProductQueries
from components.recommender_assembler.request_tensors import (
    RequestHistories,
    raw_request,
    request_of_one_product,
    request_specs,
)
from components.recommender_assembler.text_index import TextIndex
from schema import names
from schema.features import FeatureSet
from schema.transformed import dense_user

Tensors = dict[str, Any]

_RULE = "rule"
_EXPLAINED_EVENTS = 10
_MOST_EXPLAINED = 200


@dataclass(frozen=True)
class ServingSettings:
    """What the graph needs to know of the configuration.

    Attributes:
        features: Feature columns.
        history_length: Events that the ranker sees.
        retrieval_history_length: Events that the query tower sees.
        positive_types: Whether an event of each known type counts as bought.
        exclude_days: Products bought within this many days are never recommended; 0 switches it off.
        popularity_discount: Weight of the log popularity that is taken off the scores.
        new_product_step: Every how many places a product never sold before stands; 0 is nowhere.
    """

    features: FeatureSet
    history_length: int
    retrieval_history_length: int
    positive_types: tuple[bool, ...]
    exclude_days: float
    popularity_discount: float
    new_product_step: int


class Recommender(tf.Module):
    """The three stages.

    Args:
        transform: The transform graph.
        retrieval: The loaded retrieval model.
        ranking: The loaded ranking model.
        sources: The candidate sources at the moment that is served.
        product_ids: The product vocabulary.
        texts: Index of the products' texts.
        finishing: Rules and diversity.
        settings: Lengths and filters.
    """

    def __init__(
        self,
        transform: tft.TFTransformOutput,
        retrieval: Any,
        ranking: Any,
        sources: CandidateSources,
        product_ids: list[str],
        texts: TextIndex,
        finishing: Finishing,
        settings: ServingSettings,
    ) -> None:
        super().__init__()
        self.transform_layer = transform.transform_features_layer()
        self.retrieval = retrieval
        self.ranking = ranking
        self.sources = sources
        self.product_ids = tf.Variable(tf.constant(product_ids), trainable=False)
        self.product_queries = ProductQueries(sources, self.product_ids, texts)
        self.finishing = finishing
        popular = sources.popular.numpy()
        wanted = finishing.wanted_products(popular)
        # What follows the candidates: products that rules need, then the others by popularity.
        fill = np.concatenate([wanted, popular[~np.isin(popular, wanted)]])
        self.fill = frozen(fill[~sources.hidden.numpy()[fill]], tf.int64)
        self.num_wanted = len(wanted)
        self.source_names = tf.constant([*SOURCE_NAMES, _RULE, ""])
        self.positive_types = tf.constant([False, *settings.positive_types])
        self._settings = settings

    def recommend(self, **inputs: tf.Tensor) -> Tensors:
        """Recommends products; the contract of inputs and outputs is in `docs/served-model.md`."""
        top_k = tf.cast(inputs.pop(names.TOP_K), tf.int32)
        exclude_purchased = inputs.pop(names.EXCLUDE_PURCHASED)
        histories, query = self._query(inputs)
        found, query = self._retrieve(histories, query)
        ranked = self._rank(query, found)
        index = found[names.CANDIDATE_INDEX]
        discount = self._settings.popularity_discount
        scores = discounted(ranked["scores"], found[names.CANDIDATE_FEATURES], discount)
        scores = self.finishing.adjusted(index, scores, inputs)
        scores = filter_scores(scores, tf.gather(self.sources.hidden, index))
        index, scores = self._fill(index, scores, top_k)
        excluded = self._excluded(histories.newest(None), exclude_purchased)
        scores = filter_scores(scores, exclude(index, excluded))
        scores = self.finishing.forbidden(index, scores, inputs)
        scores = self._place_new(scores, found["candidate_source"])
        if self.finishing.changes_order:
            finished = self.finishing(index, scores, inputs, top_k)
        else:
            finished = as_scored(scores, top_k)
        return self._describe(index, finished, found, ranked, query)

    def retrieve(self, **inputs: tf.Tensor) -> Tensors:
        """The candidates alone: `product_id`, `source` and `two_tower` score `[batch, candidates]`."""
        histories, query = self._query(inputs)
        found, _ = self._retrieve(histories, query)
        return {
            names.PRODUCT_ID: tf.gather(self.product_ids, found[names.CANDIDATE_INDEX]),
            "source": tf.gather(self.source_names, found["candidate_source"]),
            "two_tower": found[names.CANDIDATE_FEATURES][..., SOURCE_FEATURES.index("two_tower")],
        }

    def rank(self, **inputs: tf.Tensor) -> Tensors:
        """The candidates in the ranker's own order: after the hard filters, before the rest of post-ranking.

        Returns `product_id` and `score` `[batch, candidates]`, empty and NaN where a filter took one out.
        """
        exclude_purchased = inputs.pop(names.EXCLUDE_PURCHASED)
        histories, query = self._query(inputs)
        found, query = self._retrieve(histories, query)
        index = found[names.CANDIDATE_INDEX]
        scores = filter_scores(self._rank(query, found)["scores"], tf.gather(self.sources.hidden, index))
        excluded = self._excluded(histories.newest(None), exclude_purchased)
        scores = filter_scores(scores, exclude(index, excluded))
        position, score, exists = cut(scores, tf.shape(index)[1])
        product = tf.gather(self.product_ids, tf.gather(index, position, batch_dims=1))
        return {
            names.PRODUCT_ID: tf.where(exists, product, ""),
            "score": tf.where(exists, score, float("nan")),
        }

    def similar(self, product_id: tf.Tensor, blend: tf.Tensor, top_k: tf.Tensor) -> Tensors:
        """Products like each product; the contract stands in `docs/served-model.md`."""
        return self.product_queries.similar(self._product_index(product_id), blend, tf.cast(top_k, tf.int32))

    def search(self, text: tf.Tensor, top_k: tf.Tensor) -> Tensors:
        """Products for each text; the contract stands in `docs/served-model.md`."""
        return self.product_queries.search(text, tf.cast(top_k, tf.int32))

    def _product_index(self, product_id: tf.Tensor) -> tf.Tensor:
        """Ids `[batch]` to places in the vocabulary, -1 for unknown ones."""
        inputs = request_of_one_product(product_id, self.signature())
        histories, _ = self._query(inputs)
        return histories.newest(1)[names.HISTORY_INDEX][:, 0]

    def _query(self, inputs: Tensors) -> tuple[RequestHistories, Tensors]:
        """The histories, and the dense query as the ranker reads it."""
        features = self._settings.features
        transformed = self.transform_layer(raw_request(inputs, features))
        histories = RequestHistories(inputs, transformed)
        return histories, dense_user(transformed, features) | histories.newest(self._settings.history_length)

    def _retrieve(self, histories: RequestHistories, query: Tensors) -> tuple[Tensors, Tensors]:
        recent = query | histories.newest(self._settings.retrieval_history_length)
        embedding = self.retrieval.signatures["serving_default"](**recent)[names.QUERY_EMBEDDING]
        found = self.sources(embedding, query[names.HISTORY_INDEX], query[names.HISTORY_AGE])
        return found, query | {names.QUERY_EMBEDDING: embedding}

    def _rank(self, query: Tensors, found: Tensors) -> Tensors:
        pairs = {name: found[name] for name in (names.CANDIDATE_INDEX, names.CANDIDATE_FEATURES)}
        ranked: Tensors = self.ranking.signatures[names.RANK](**query, **pairs)
        return ranked

    def _fill(self, index: tf.Tensor, scores: tf.Tensor, top_k: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Popular products follow the candidates when filters may leave too few of them."""
        return append_fill(index, scores, self.fill[: 2 * top_k + tf.shape(index)[1] + self.num_wanted])

    def _place_new(self, scores: tf.Tensor, source: tf.Tensor) -> tf.Tensor:
        step, count = self._settings.new_product_step, self.sources.num_new
        if not (step and count):
            return scores
        missing = tf.shape(scores)[1] - tf.shape(source)[1]
        return place_new(scores, tf.pad(source == NEW_PRODUCT, [[0, 0], [0, missing]]), step, count)

    def _excluded(self, query: Tensors, exclude_purchased: tf.Tensor) -> tf.Tensor:
        """Products that must not come back, -1 pads `[batch, time]`."""
        bought = tf.gather(self.positive_types, query[names.HISTORY_TYPE] + 1)
        limit = tf.where(exclude_purchased, float("inf"), self._settings.exclude_days)
        recent = tf.logical_and(bought, query[names.HISTORY_AGE] < limit)
        index = tf.where(recent, query[names.HISTORY_INDEX], -1)
        return tf.pad(index, [[0, 0], [0, 1]], constant_values=-1)

    def _describe(
        self,
        index: tf.Tensor,
        finished: Finished,
        found: Tensors,
        ranked: Tensors,
        query: Tensors,
    ) -> Tensors:
        position, exists = finished.position, finished.exists
        product = tf.gather(index, position, batch_dims=1)
        num_candidates = tf.shape(found[names.CANDIDATE_INDEX])[1]
        is_candidate = tf.logical_and(exists, position < num_candidates)
        place = tf.minimum(position, num_candidates - 1)

        def explained(values: tf.Tensor, default: Any) -> tf.Tensor:
            return tf.where(
                is_candidate, tf.gather(values, place, batch_dims=1), tf.cast(default, values.dtype)
            )

        source = explained(found["candidate_source"], SOURCE_NAMES.index("popular"))
        source = tf.where(finished.pinned_by != "", len(SOURCE_NAMES), source)
        source = tf.where(exists, source, len(SOURCE_NAMES) + 1)
        missing = tf.constant(float("nan"))
        return {
            names.PRODUCT_ID: tf.where(exists, tf.gather(self.product_ids, product), ""),
            "score": tf.where(exists, finished.score, missing),
            "source": tf.gather(self.source_names, source),
            "times_bought": explained(ranked["times_bought"], 0),
            "days_since_last": explained(ranked["days_since_last"], missing),
            "usual_interval_days": explained(ranked["interval_days"], missing),
            "neighbour_of": self._neighbour_of(product, source, query),
            "pinned_by": finished.pinned_by,
            "relaxed": finished.relaxed,
        }

    def _neighbour_of(self, product: tf.Tensor, source: tf.Tensor, query: Tensors) -> tf.Tensor:
        """The recent product of which a candidate is the nearest neighbour; empty for other sources."""
        nothing = tf.fill(tf.shape(product), "")
        few = tf.shape(product)[1] <= _MOST_EXPLAINED
        return tf.cond(few, lambda: self._nearest_recent(product, source, query), lambda: nothing)

    def _nearest_recent(self, product: tf.Tensor, source: tf.Tensor, query: Tensors) -> tf.Tensor:
        history = query[names.HISTORY_INDEX]
        width = tf.shape(history)[1]
        known = tf.where(history >= 0, tf.range(width)[tf.newaxis, :], -1)
        newest = tf.math.top_k(known, k=tf.minimum(_EXPLAINED_EVENTS, width)).values
        recent = tf.where(newest >= 0, tf.gather(history, tf.maximum(newest, 0), batch_dims=1), -1)
        place = tf.maximum(recent, 0)
        neighbours, scores = self.sources.scorer.neighbours.spoken_for(place)
        same = neighbours[:, tf.newaxis] == product[:, :, tf.newaxis, tf.newaxis]
        same = tf.logical_and(same, recent[:, tf.newaxis, :, tf.newaxis] >= 0)
        cosine = tf.reduce_max(tf.where(same, scores[:, tf.newaxis], 0.0), axis=3)
        best = tf.gather(place, tf.argmax(cosine, axis=2), batch_dims=1)
        is_neighbour = tf.logical_and(
            source == SOURCE_NAMES.index("neighbours"), tf.reduce_max(cosine, axis=2) > 0
        )
        return tf.where(is_neighbour, tf.gather(self.product_ids, best), "")

    def signature(self) -> dict[str, tf.TensorSpec]:
        """Specs of the inputs of `retrieve`; `rank` adds `exclude_purchased`, `recommend` also `top_k`."""
        return request_specs(self._settings.features)
