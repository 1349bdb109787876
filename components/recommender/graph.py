"""The served model: transform, retrieval, candidate sources, ranker and post-ranking in one graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from components.recommender.candidates.item_to_item import frozen
from components.recommender.candidates.retrieved import Retrieved
from components.recommender.candidates.sources import NEW_PRODUCT, CandidateSources
from components.recommender.cold_start.lists import ColdStart
from components.recommender.explain.list_outputs import ListOutputs
from components.recommender.lists import ListOptions, ScoredLists
from components.recommender.models import LoadedModels
from components.recommender.post_ranking.diversity import HEAD
from components.recommender.post_ranking.fill import by_popularity
from components.recommender.post_ranking.filters import (
    FILTERED,
    Membership,
    append_fill,
    cut,
    filter_scores,
    insert_new,
)
from components.recommender.post_ranking.popularity_discount import discounted
from components.recommender.post_ranking.post_ranker import PostRanker, Watch, ignored
from components.recommender.post_ranking.ranked_list import as_scored
from components.recommender.product_queries import ProductQueries
from components.recommender.ranked_candidates import RankedCandidates
from components.recommender.request import (
    RequestHistories,
    raw_request,
    request_of_one_product,
    request_specs,
)
from components.recommender.settings import ServingSettings
from components.recommender.text_search.index import TextIndex
from schema import names
from schema.served.candidate_features import SOURCE_FEATURES
from schema.tensors.transformed import dense_user

Tensors = dict[str, Any]


class Recommender(tf.Module):
    """The three stages.

    Args:
        models: The loaded models.
        sources: The candidate sources at the cutoff that is served.
        product_ids: The product vocabulary.
        texts: Index of the products' texts.
        post_ranker: Rules and diversity.
        cold_start: Lists of those without history; None leaves them to the ranker.
        settings: Lengths and filters.
    """

    def __init__(
        self,
        models: LoadedModels,
        sources: CandidateSources,
        product_ids: list[str],
        texts: TextIndex,
        post_ranker: PostRanker,
        cold_start: ColdStart | None,
        settings: ServingSettings,
    ) -> None:
        super().__init__()
        self.transform_layer = models.transform.transform_features_layer()
        self.retrieval = models.retrieval
        self.ranking = models.ranking
        self.sources = sources
        self.product_ids = tf.Variable(tf.constant(product_ids), trainable=False)
        self.product_queries = ProductQueries(sources, self.product_ids, texts)
        self.outputs = ListOutputs(sources.scorer.neighbours, self.product_ids)
        self.post_ranker = post_ranker
        self.cold_start = cold_start
        popular = by_popularity(sources)
        wanted = post_ranker.wanted_products(popular)
        # What follows the candidates: products that rules need, then all others by popularity.
        fill = np.concatenate([wanted, popular[~np.isin(popular, wanted)]])
        self.fill = frozen(fill[~sources.hidden.numpy()[fill]], tf.int64)
        self.num_wanted = len(wanted)
        self.positive_types = tf.constant([False, *settings.positive_types])
        self.settings = settings
        self.features = settings.features
        self.retrieval_history_length = settings.retrieval_history_length
        # Set by the executor: signatures of the space of the towers, and that which explains.
        self.embeddings: Any = None
        self.tracer: Any = None

    def recommend(self, **inputs: tf.Tensor) -> Tensors:
        """Recommends products; the contract of inputs and outputs is in `docs/served-model.md`.

        The input `diversity` may be left out.
        """
        options = ListOptions.taken_from(inputs)
        histories, query = self.query(inputs)
        retrieved, query = self.retrieved(histories, query)
        ranked, history = self.ranked(query, retrieved.found), query[names.HISTORY_INDEX]
        return self.outputs(self.listed(inputs, options, histories, history, ranked), history)

    def listed(
        self,
        inputs: Tensors,
        options: ListOptions,
        histories: RequestHistories,
        history: tf.Tensor,
        ranked: RankedCandidates,
        watch: Watch | None = None,
    ) -> ScoredLists:
        """Makes lists of candidates that have been ranked.

        Args:
            inputs: The request.
            options: Of the lists.
            histories: Of the request.
            history: Products of the newest events, -1 for unknown ones and pads `[batch, time]`.
            ranked: The candidates.
            watch: See `PostRanker`; makes post-ranking go through all its steps.
        """
        index = ranked.index
        scores = self.post_ranker.adjusted(index, ranked.scores, inputs)
        scores = filter_scores(scores, tf.gather(self.sources.hidden, index))
        excluded = self.excluded(histories, options.exclude_purchased)
        scores = self.allowed(index, scores, excluded, inputs)
        candidates = tf.shape(index)[1]
        index, scores = self._fill(index, scores, options.top_k)
        cold = None
        if self.cold_start is not None:
            cold = self.cold_start(index, scores, history, inputs)
            index, scores = cold.index, cold.scores
        further = self.allowed(index[:, candidates:], scores[:, candidates:], excluded, inputs)
        scores = tf.concat([scores[:, :candidates], further], axis=1)
        scores = self.insert_new(index, scores, ranked.source)
        if self.post_ranker.changes_order or options.diversity is not None:
            bought = self._bought(histories.newest(None))
            ranked_list = self.post_ranker(
                index, scores, inputs, options.top_k, bought, options.diversity, watch or ignored
            )
        else:
            ranked_list = as_scored(scores, options.top_k)
        return ScoredLists(index, scores, ranked_list, ranked, cold)

    def new_for_you(self, **inputs: tf.Tensor) -> Tensors:
        """Products that were never sold: `product_id` and `score` `[batch, top_k]`; empty and NaN pad."""
        top_k = tf.cast(inputs.pop(names.TOP_K), tf.int32)
        _, query = self.query(inputs)
        product, score = self.sources.new_for_you(query[names.HISTORY_INDEX], query[names.HISTORY_AGE], top_k)
        missing = [[0, 0], [0, top_k - tf.shape(product)[1]]]
        ids = tf.where(tf.math.is_finite(score), tf.gather(self.product_ids, product), "")
        score = tf.where(tf.math.is_finite(score), score, float("nan"))
        return {
            names.PRODUCT_ID: tf.pad(ids, missing, constant_values=""),
            "score": tf.pad(score, missing, constant_values=float("nan")),
        }

    def retrieve(self, **inputs: tf.Tensor) -> Tensors:
        """The candidates alone: `product_id`, `source` and `two_tower` score `[batch, candidates]`."""
        histories, query = self.query(inputs)
        found = self.retrieved(histories, query)[0].found
        return {
            names.PRODUCT_ID: tf.gather(self.product_ids, found[names.CANDIDATE_INDEX]),
            "source": tf.gather(self.outputs.source_names, found["candidate_source"]),
            "two_tower": found[names.CANDIDATE_FEATURES][..., SOURCE_FEATURES.index("two_tower")],
        }

    def rank(self, **inputs: tf.Tensor) -> Tensors:
        """The candidates in the ranker's own order: after the hard filters, before the rest of post-ranking.

        Returns `product_id`, `score` and `adjusted` (the score by which `recommend` orders before
        calibration, diversity, exploration and rules) `[batch, candidates]`; empty and NaN where a filter
        took one out.
        """
        exclude_purchased = inputs.pop(names.EXCLUDE_PURCHASED)
        histories, query = self.query(inputs)
        retrieved, query = self.retrieved(histories, query)
        found = retrieved.found
        index = found[names.CANDIDATE_INDEX]
        ranked = self._rank(query, found)
        excluded = self.excluded(histories, exclude_purchased)
        filtered = tf.logical_or(excluded(index), tf.gather(self.sources.hidden, index))
        position, score, exists = cut(filter_scores(ranked["scores"], filtered), tf.shape(index)[1])
        adjusted = filter_scores(self.adjusted(found, ranked, inputs), filtered)
        adjusted = self.post_ranker.forbidden(index, adjusted, inputs)
        adjusted = self.insert_new(index, adjusted, found["candidate_source"])
        adjusted = tf.where(adjusted > FILTERED, adjusted, float("nan"))
        product = tf.gather(self.product_ids, tf.gather(index, position, batch_dims=1))
        return {
            names.PRODUCT_ID: tf.where(exists, product, ""),
            "score": tf.where(exists, score, float("nan")),
            "adjusted": tf.where(exists, tf.gather(adjusted, position, batch_dims=1), float("nan")),
        }

    def similar(self, product_id: tf.Tensor, blend: tf.Tensor, top_k: tf.Tensor) -> Tensors:
        """Products like each product; the contract stands in `docs/served-model.md`."""
        return self.product_queries.similar(self._product_index(product_id), blend, tf.cast(top_k, tf.int32))

    def search(self, text: tf.Tensor, top_k: tf.Tensor) -> Tensors:
        """Products for each text; the contract stands in `docs/served-model.md`."""
        return self.product_queries.search(text, tf.cast(top_k, tf.int32))

    def _product_index(self, product_id: tf.Tensor) -> tf.Tensor:
        """Ids `[batch]` to indices in the vocabulary, -1 for unknown ones."""
        inputs = request_of_one_product(product_id, self.signature())
        histories, _ = self.query(inputs)
        return histories.newest(1)[names.HISTORY_INDEX][:, 0]

    def query(self, inputs: Tensors) -> tuple[RequestHistories, Tensors]:
        """The histories, and the dense query as the ranker reads it."""
        features = self.settings.features
        transformed = self.transform_layer(raw_request(inputs, features))
        histories = RequestHistories(inputs, transformed)
        return histories, dense_user(transformed, features) | histories.newest(self.settings.history_length)

    def retrieved(self, histories: RequestHistories, query: Tensors) -> tuple[Retrieved, Tensors]:
        """How the candidates come about, and the query with its embedding."""
        recent = query | histories.newest(self.settings.retrieval_history_length)
        embedding = self.retrieval.signatures["serving_default"](**recent)[names.QUERY_EMBEDDING]
        found = self.sources.retrieved(
            embedding, query[names.HISTORY_INDEX], query[names.HISTORY_AGE], query[names.USER_INDEX]
        )
        return found, query | {names.QUERY_EMBEDDING: embedding}

    def ranked(self, query: Tensors, found: Tensors) -> RankedCandidates:
        """The candidates with what the ranker says of them."""
        return RankedCandidates.of(found, self._rank(query, found), self.settings.popularity_discount)

    def _rank(self, query: Tensors, found: Tensors) -> Tensors:
        pairs = {name: found[name] for name in (names.CANDIDATE_INDEX, names.CANDIDATE_FEATURES)}
        ranked: Tensors = self.ranking.signatures[names.RANK](**query, **pairs)
        return ranked

    def adjusted(self, found: Tensors, ranked: Tensors, inputs: Tensors) -> tf.Tensor:
        """The ranker's scores after what moves them `[batch, candidates]`."""
        features, discount = found[names.CANDIDATE_FEATURES], self.settings.popularity_discount
        scores = discounted(ranked["scores"], features, discount)
        return self.post_ranker.adjusted(found[names.CANDIDATE_INDEX], scores, inputs)

    def _fill(self, index: tf.Tensor, scores: tf.Tensor, top_k: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Popular products follow the candidates where filters may have left too few of them.

        With twice as many as are shown or reordered nothing that follows could come up; and the head is
        reordered among the same products however long the list is, up to the length of the head.
        """
        most = tf.maximum(top_k, HEAD)
        count = 2 * most + tf.shape(index)[1] + self.num_wanted
        if not self.post_ranker.looks_further:
            left = tf.reduce_min(tf.reduce_sum(tf.cast(scores > FILTERED, tf.int32), axis=1))
            count = tf.where(left < 2 * most, count, 0)
        return append_fill(index, scores, self.fill[:count])

    def allowed(
        self, index: tf.Tensor, scores: tf.Tensor, excluded: Membership, inputs: Tensors
    ) -> tf.Tensor:
        """Scores without what must not come back and what a `never` names."""
        return self.post_ranker.forbidden(index, filter_scores(scores, excluded(index)), inputs)

    def insert_new(self, index: tf.Tensor, scores: tf.Tensor, source: tf.Tensor) -> tf.Tensor:
        """Scores with products never sold before raised to their places."""
        step, count = self.settings.new_product_step, self.sources.num_new
        if not (step and count):
            return scores
        missing = tf.shape(scores)[1] - tf.shape(source)[1]
        is_new = tf.pad(source == NEW_PRODUCT, [[0, 0], [0, missing]])
        return insert_new(scores, is_new, index, step, count)

    def excluded(self, histories: RequestHistories, exclude_purchased: tf.Tensor) -> Membership:
        """Products that must not come back."""
        events = histories.newest(None)
        limit = tf.where(exclude_purchased, float("inf"), self.settings.exclude_days)
        bought = tf.where(events[names.HISTORY_AGE] < limit, self._bought(events), -1)
        return Membership(bought, self.sources.num_products)

    def _bought(self, query: Tensors) -> tf.Tensor:
        """Products of the positive events, -1 for the others and where there is none `[batch, time]`."""
        positive = tf.gather(self.positive_types, query[names.HISTORY_TYPE] + 1)
        return tf.where(positive, query[names.HISTORY_INDEX], -1)

    def signature(self) -> dict[str, tf.TensorSpec]:
        """Specs of the inputs of `retrieve`; `rank` adds `exclude_purchased`, `recommend` also `top_k`."""
        return request_specs(self.settings.features)
