"""The candidate sources and their union, in the graph.

Sources: the user's own history, the two towers, item-to-item neighbours of the history, EASE, trending
and popular products, and products never sold before. Without a preranker the union is ordered by each
product's best rank in a source relative to the source's quota, so that a list of any length holds all
sources in proportion. With one, a larger pool made in the same way is cut to the best by its score.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import tensorflow as tf

from components.candidate_sources.item_to_item import frozen, share_of_best
from components.candidate_sources.lists import (
    NEVER,
    RankedList,
    best_scored,
    constant_like,
    newest_first,
    same_for_all,
    union,
)
from components.candidate_sources.new_products import NewProducts
from components.candidate_sources.preranker import Preranker, PrerankerWeights
from components.candidate_sources.scoring import SourceScorer, SourceScores, faded
from components.candidate_sources.tables import CandidateTables
from schema import names
from schema.grouping import group_totals, joint_keys

OWN_HISTORY: Final = 0
TWO_TOWER: Final = 1
NEIGHBOURS: Final = 2
EASE: Final = 3
TRENDING: Final = 4
POPULAR: Final = 5
NEW_PRODUCT: Final = 6
SOURCE_NAMES: Final = ("own_history", "two_tower", "neighbours", "ease", "trending", "popular", "new_product")

SOURCE_FEATURES: Final = (
    "preranker",
    "two_tower",
    "neighbours_recent",
    "neighbours_lasting",
    "ease_recent",
    "ease_lasting",
    "neighbours_share",
    "ease_share",
)
"""Scores of a candidate, before the product statistics in `candidate_features`."""

_QUOTAS: Final = (2000, 150, 200, 200, 50)
_POOL_QUOTAS: Final = (10_000, 700, 500, 700, 100, 700)
_NEW_PRIORITY: Final = 0.5
_NEW_PRIORITY_IN_POOL: Final = -1.0
"""Ahead of all others: the pool keeps them, and they are known as what they are."""
_SMALLEST_SCORE: Final = 1e-9

Tensors = dict[str, tf.Tensor]


class CandidateSources(tf.Module):
    """Produces the candidates of a batch of queries.

    Args:
        tables: Embeddings, neighbours, statistics and popularity at one moment.
        num_candidates: Candidates of a query; at most the size of the catalogue.
        window_days: Length of the eval window, in which half-lives are measured.
        preranker: Cuts the pool; None orders by quotas.
        pool_size: Products that the preranker scores.
        num_new: Places among the candidates that are kept for products never sold before.
    """

    def __init__(
        self,
        tables: CandidateTables,
        num_candidates: int,
        window_days: float,
        preranker: PrerankerWeights | None = None,
        pool_size: int = 2000,
        num_new: int = 10,
    ) -> None:
        super().__init__()
        self.num_products = tables.num_products
        self.num_candidates = min(num_candidates, tables.num_products)
        self.pool_size = min(max(pool_size, self.num_candidates), tables.num_products)
        self.scorer = SourceScorer(tables, window_days)
        moment = tables.moment
        self.hidden = frozen(~tables.available, tf.bool)
        self.hides = not tables.available.all()
        self.statistics = frozen(moment.statistics, tf.float32)
        self.trending = frozen(moment.trending, tf.int64)
        self.popular = frozen(moment.popular, tf.int64)
        # The product itself is the first grouping.
        keys, self.num_keys = joint_keys([np.arange(tables.num_products), *tables.groups.T])
        self.groups = frozen(keys, tf.int32)
        self.preranker = Preranker(preranker) if preranker is not None else None
        self.num_new = min(num_new, len(moment.new_products), self.num_candidates // 10)
        self.new_products = NewProducts(tables, self.num_new) if self.num_new else None

    def __call__(
        self, query_embedding: tf.Tensor, history_index: tf.Tensor, history_age: tf.Tensor
    ) -> Tensors:
        """Computes candidates, the most promising first.

        Args:
            query_embedding: Unit vectors `[batch, dim]`.
            history_index: Products of the history, oldest first, -1 pads, int64 `[batch, time]`.
            history_age: Days before the query `[batch, time]`.

        Returns:
            `candidate_index` int64 `[batch, candidates]` (distinct), `candidate_source` int32 of the same
            shape and `candidate_features` float32 `[batch, candidates, features]`: `SOURCE_FEATURES`, then
            the product statistics.
        """
        scores = self.scorer(query_embedding, history_index, history_age)
        if self.preranker is None:
            index, source = self._union(scores, history_index, history_age, _QUOTAS, self.num_candidates)
            features = self._features(scores, index)
            prerank = tf.zeros(tf.shape(index))
        else:
            index, source, features = self._pool(scores, history_index, history_age)
            own = self._own_features(history_index, history_age, index)
            prerank = self.preranker(tf.concat([features, own], axis=-1))
            index, source, features, prerank = self._cut(index, source, features, prerank)
        joined = tf.concat([prerank[..., tf.newaxis], features], axis=-1)
        return {names.CANDIDATE_INDEX: index, "candidate_source": source, names.CANDIDATE_FEATURES: joined}

    def pool(self, query_embedding: tf.Tensor, history_index: tf.Tensor, history_age: tf.Tensor) -> Tensors:
        """The pool and what the preranker reads: `candidate_index`, `features [batch, pool, features]`."""
        scores = self.scorer(query_embedding, history_index, history_age)
        index, _, features = self._pool(scores, history_index, history_age)
        own = self._own_features(history_index, history_age, index)
        return {names.CANDIDATE_INDEX: index, "features": tf.concat([features, own], axis=-1)}

    def score_sources(
        self, query_embedding: tf.Tensor, history_index: tf.Tensor, history_age: tf.Tensor
    ) -> Tensors:
        """Scores of the whole catalogue by each scoring source, `[batch, products]` each."""
        scores = self.scorer(query_embedding, history_index, history_age)
        return {
            "two_tower": scores.two_tower,
            "neighbours": self.scorer.neighbours.everywhere(scores.neighbours_share),
            "ease": self.scorer.ease.everywhere(scores.ease_share),
        }

    def _pool(
        self, scores: SourceScores, history_index: tf.Tensor, history_age: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        index, source = self._union(scores, history_index, history_age, _POOL_QUOTAS, self.pool_size)
        return index, source, self._features(scores, index)

    def _union(
        self,
        scores: SourceScores,
        history_index: tf.Tensor,
        history_age: tf.Tensor,
        quotas: tuple[int, ...],
        count: int,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        lists = self._lists(scores, history_index, history_age, quotas)
        return union(lists, self.popular, POPULAR, count, self.num_products)

    def _lists(
        self,
        scores: SourceScores,
        history_index: tf.Tensor,
        history_age: tf.Tensor,
        quotas: tuple[int, ...],
    ) -> list[RankedList]:
        batch = tf.shape(history_index)[0]
        neighbours, ease = self.scorer.neighbours.named, self.scorer.ease.named
        lists = [
            newest_first(history_index, self.hidden, quotas[OWN_HISTORY], OWN_HISTORY),
            self._best(scores.two_tower, None, quotas[TWO_TOWER], TWO_TOWER, -1.0),
            self._best(scores.neighbours_share, neighbours, quotas[NEIGHBOURS], NEIGHBOURS, _SMALLEST_SCORE),
            self._best(scores.ease_share, ease, quotas[EASE], EASE, _SMALLEST_SCORE),
            same_for_all(self.trending, quotas[TRENDING], TRENDING, batch),
        ]
        if len(quotas) > POPULAR:
            lists.append(same_for_all(self.popular, quotas[POPULAR], POPULAR, batch))
        if self.new_products:
            weights = faded(history_age, self.scorer.half_lives[1:])[..., 0]
            new = self.new_products(history_index, weights)
            priority = _NEW_PRIORITY_IN_POOL if len(quotas) > POPULAR else _NEW_PRIORITY
            priorities = tf.where(tf.gather(self.hidden, new), NEVER, priority)
            lists.append((new, priorities, constant_like(new, NEW_PRODUCT)))
        return lists

    def _best(
        self, scores: tf.Tensor, products: tf.Variable | None, quota: int, source: int, least: float
    ) -> RankedList:
        """The best that are not hidden; `products` are those of the scores, all by default."""
        if products is not None:
            products = tf.concat([products, [0]], axis=0)  # anybody else, who has a score of 0
        if self.hides:
            hidden = self.hidden if products is None else tf.gather(self.hidden, products)
            scores = tf.where(hidden[tf.newaxis, :], least, scores)
        return best_scored(scores, products, quota, source, least)

    def _features(self, scores: SourceScores, index: tf.Tensor) -> tf.Tensor:
        """All of `SOURCE_FEATURES` but the first, then the product statistics `[batch, places, features]`."""
        neighbours = self.scorer.neighbours.at(scores.neighbours, index)
        ease = self.scorer.ease.at(scores.ease, index)
        columns = [
            tf.gather(scores.two_tower, index, batch_dims=1)[:, tf.newaxis],
            tf.math.log1p(neighbours),
            ease,
            share_of_best(neighbours, scores.best_neighbours)[:, tf.newaxis],
            share_of_best(ease, scores.best_ease)[:, tf.newaxis],
        ]
        by_product = tf.transpose(tf.concat(columns, axis=1), [0, 2, 1])
        return tf.concat([by_product, tf.gather(self.statistics, index)], axis=-1)

    def _own_features(self, history_index: tf.Tensor, history_age: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        """Counts of the product in the history, plain and faded, and its newest age; those of its groups.

        Logarithms `[batch, places, figures]`; of the groups only the more slowly faded counts.
        """
        known = (history_index >= 0)[..., tf.newaxis]
        fading = faded(history_age, self.scorer.own_half_lives)
        weights = tf.concat([tf.ones_like(fading[..., :1]), fading], axis=-1)
        groups = tf.gather(self.groups, tf.maximum(history_index, 0))
        own = tf.gather(self.groups, index)
        totals = group_totals(groups, own, known, weights, history_age, self.num_keys)
        logs = tf.math.log1p(totals.table[:, :-1])  # all but the oldest age
        of_groups = tf.gather(logs[:, 2:], totals.group[:, :, 1:])
        shape = tf.shape(own)
        width = (int(self.groups.shape[1]) - 1) * int(of_groups.shape[3])
        joined = tf.reshape(of_groups, [shape[0], shape[1], width])
        return tf.concat([tf.gather(logs, totals.group[:, :, 0]), joined], axis=-1)

    def _cut(
        self, index: tf.Tensor, source: tf.Tensor, features: tf.Tensor, prerank: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        """The best of the pool, `num_new` places of them for new products, what is hidden last."""
        visible = tf.where(tf.gather(self.hidden, index), -NEVER, prerank)
        kept = tf.where(source == NEW_PRODUCT, NEVER, visible) if self.num_new else visible
        chosen = tf.math.top_k(kept, self.num_candidates).indices
        order = tf.argsort(tf.gather(visible, chosen, batch_dims=1), direction="DESCENDING", stable=True)
        chosen = tf.gather(chosen, order, batch_dims=1)
        taken = [tf.gather(values, chosen, batch_dims=1) for values in (index, source, features, prerank)]
        return taken[0], taken[1], taken[2], taken[3]
