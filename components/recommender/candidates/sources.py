"""The candidate sources and their union, in the graph.

Sources: the user's own history, the two towers, item-to-item neighbours of the history, EASE, what follows
the newest events, what similar users buy, trending and popular products, and products never sold before.
Without a preranker the union is ordered by each product's best rank in a source relative to the source's
quota, so that a list of any length holds all sources in proportion. With one, a larger pool made in the
same way is cut to the best by its score; the best sellers of every horizon and the favourites of the user
stay, so that no list of a classical baseline is cut short.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import tensorflow as tf

from components.recommender.candidates.item_to_item import ItemToItem, frozen, share_of_best
from components.recommender.candidates.lists import (
    NEVER,
    SourceList,
    best_scored,
    constant_like,
    newest_first,
    same_for_all,
    union,
)
from components.recommender.candidates.new_products import MAX_NEVER_SOLD, NewProducts
from components.recommender.candidates.preranker import Preranker, PrerankerWeights, centred
from components.recommender.candidates.retrieved import Retrieved
from components.recommender.candidates.scoring import SourceScorer, SourceScores, decayed
from components.recommender.candidates.similar_users import SimilarUsers, to_feature
from components.recommender.candidates.tables import CandidateTables
from schema import names
from schema.served.sources import NAMES
from schema.tensors.grouping import group_totals, joint_keys

OWN_HISTORY: Final = 0
TWO_TOWER: Final = 1
NEIGHBOURS: Final = 2
EASE: Final = 3
TRANSITIONS: Final = 4
SIMILAR_USERS: Final = 5
TRENDING: Final = 6
POPULAR: Final = 7
NEW_PRODUCT: Final = 8
SOURCE_NAMES: Final = NAMES

_QUOTAS: Final = (2000, 150, 200, 200, 150, 200, 50)
_POOL_QUOTAS: Final = (10_000, 700, 500, 700, 500, 700, 150, 700)
OWN_RESERVED: Final = 6
"""One candidate in six at most is a favourite that stays whatever the preranker says."""
_LONG_TERM_COUNT: Final = 3
"""Column of the own features with the slowly decayed count of the product in the history."""
_NEW_PRIORITY: Final = 0.5
NEW_PRIORITY_IN_POOL: Final = -1.0
"""Ahead of all others: the pool keeps them, and they are known as what they are."""
SMALLEST_SCORE: Final = 1e-9
PRERANKER_SCORE: Final = "preranker_score"

Tensors = dict[str, tf.Tensor]


class CandidateSources(tf.Module):
    """Produces the candidates of a batch of queries.

    Args:
        tables: Embeddings, neighbours, statistics and popularity at one cutoff.
        num_candidates: Candidates of a query; at most the size of the catalogue.
        window_days: Length of the eval window, in which half-lives are measured.
        preranker: Cuts the pool; None orders by quotas.
        pool_size: Products that the preranker scores.
        num_new: Slots among the candidates that are kept for products never sold before.
        reads_towers: Whether the towers are a source and a score; not where they have seen the targets.
    """

    def __init__(
        self,
        tables: CandidateTables,
        num_candidates: int,
        window_days: float,
        preranker: PrerankerWeights | None = None,
        pool_size: int = 2000,
        num_new: int = 10,
        reads_towers: bool = True,
    ) -> None:
        super().__init__()
        self.num_products = tables.num_products
        self.num_candidates = min(num_candidates, tables.num_products)
        self.pool_size = min(max(pool_size, self.num_candidates), tables.num_products)
        self.scorer = SourceScorer(tables, window_days, reads_towers)
        snapshot = tables.snapshot
        self.hidden = frozen(~tables.available, tf.bool)
        self.hides = not tables.available.all()
        self.statistics = frozen(snapshot.statistics, tf.float32)
        self.trending = frozen(snapshot.trending, tf.int64)
        self.popular = frozen(snapshot.popular, tf.int64)
        reserved = np.isin(np.arange(tables.num_products), snapshot.best_sellers)
        self.is_best_seller = frozen(reserved & (reserved.sum() <= self.num_candidates // 2), tf.bool)
        # The product itself is the first grouping.
        keys, self.num_keys = joint_keys([np.arange(tables.num_products), *tables.groups.T])
        self.groups = frozen(keys, tf.int32)
        self.preranker = Preranker(preranker) if preranker is not None else None
        self.num_new = min(num_new, len(snapshot.new_products), self.num_candidates // 10)
        self.new_products = NewProducts(tables, self.num_new) if self.num_new else None
        self.never_sold = NewProducts(tables, MAX_NEVER_SOLD)

    def __call__(
        self,
        query_embedding: tf.Tensor,
        history_index: tf.Tensor,
        history_age: tf.Tensor,
        user_index: tf.Tensor,
    ) -> Tensors:
        """Computes candidates, the most promising first.

        Args:
            query_embedding: Unit vectors `[batch, dim]`.
            history_index: Products of the history, oldest first, -1 pads, int64 `[batch, time]`.
            history_age: Days before the query `[batch, time]`.
            user_index: In the vocabulary of users, -1 if unknown, int64 `[batch]`.

        Returns:
            `candidate_index` int64 `[batch, candidates]` (distinct), `candidate_source` int32 and
            `preranker_score` float32 of the same shape, and `candidate_features` float32
            `[batch, candidates, features]`: `SOURCE_FEATURES`, then the product statistics.
        """
        return self.retrieved(query_embedding, history_index, history_age, user_index).found

    def retrieved(
        self,
        query_embedding: tf.Tensor,
        history_index: tf.Tensor,
        history_age: tf.Tensor,
        user_index: tf.Tensor,
    ) -> Retrieved:
        """The candidates with what they were chosen from."""
        scores = self.scorer(query_embedding, history_index, history_age, user_index)
        lists = self._lists(scores, history_index, history_age)
        count = self.num_candidates if self.preranker is None else self.pool_size
        pool, source = union(lists, self.popular, POPULAR, count, self.num_products)
        features = self.features(scores, pool)
        if self.preranker is None:
            found = _found(pool, source, features, tf.zeros(tf.shape(pool)))
            return Retrieved(scores, lists, pool, source, None, None, found)
        own = self._own_features(history_index, history_age, pool)
        prerank = self.preranker(centred(tf.concat([features, own], axis=-1)))
        visible, kept = self._worth(pool, source, prerank, own[..., _LONG_TERM_COUNT])
        chosen = tf.math.top_k(kept, self.num_candidates).indices
        order = tf.argsort(tf.gather(visible, chosen, batch_dims=1), direction="DESCENDING", stable=True)
        chosen = tf.gather(chosen, order, batch_dims=1)
        taken = [tf.gather(values, chosen, batch_dims=1) for values in (pool, source, features, prerank)]
        return Retrieved(scores, lists, pool, source, visible, kept, _found(*taken))

    @property
    def quotas(self) -> tuple[int, ...]:
        """Length of each source's list, in the order of the sources; new products have `num_new` slots."""
        return _QUOTAS if self.preranker is None else _POOL_QUOTAS

    def pool(
        self,
        query_embedding: tf.Tensor,
        history_index: tf.Tensor,
        history_age: tf.Tensor,
        user_index: tf.Tensor,
    ) -> Tensors:
        """The pool and what the preranker reads: `candidate_index`, `features [batch, pool, features]`."""
        scores = self.scorer(query_embedding, history_index, history_age, user_index)
        lists = self._lists(scores, history_index, history_age, _POOL_QUOTAS)
        index, _ = union(lists, self.popular, POPULAR, self.pool_size, self.num_products)
        own, features = self._own_features(history_index, history_age, index), self.features(scores, index)
        return {names.CANDIDATE_INDEX: index, "features": centred(tf.concat([features, own], axis=-1))}

    def score_sources(
        self,
        query_embedding: tf.Tensor,
        history_index: tf.Tensor,
        history_age: tf.Tensor,
        user_index: tf.Tensor,
    ) -> Tensors:
        """Scores of the whole catalogue by each scoring source, `[batch, products]` each."""
        scores = self.scorer(query_embedding, history_index, history_age, user_index)
        return {
            "two_tower": scores.two_tower,
            "neighbours": self.scorer.neighbours.everywhere(scores.neighbours_share),
            "ease": self.scorer.ease.everywhere(scores.ease_share),
            "transitions": self.scorer.transitions.everywhere(scores.transitions_share),
            "similar_users": self.scorer.similar_users.everywhere(scores.similar_users),
        }

    def _lists(
        self,
        scores: SourceScores,
        history_index: tf.Tensor,
        history_age: tf.Tensor,
        quotas: tuple[int, ...] | None = None,
    ) -> list[SourceList]:
        batch, quotas = tf.shape(history_index)[0], quotas or self.quotas
        tables: dict[int, tuple[tf.Tensor, ItemToItem | SimilarUsers]] = {
            NEIGHBOURS: (scores.neighbours_share, self.scorer.neighbours),
            EASE: (scores.ease_share, self.scorer.ease),
            TRANSITIONS: (scores.transitions_share, self.scorer.transitions),
            SIMILAR_USERS: (scores.similar_users, self.scorer.similar_users),
        }
        lists = [newest_first(history_index, self.hidden, quotas[OWN_HISTORY], OWN_HISTORY)]
        if self.scorer.reads_towers:
            lists.append(self._best(scores.two_tower, None, quotas[TWO_TOWER], TWO_TOWER, -1.0))
        for source, (shares, table) in tables.items():
            lists.append(self._best(shares, table.reachable, quotas[source], source, SMALLEST_SCORE))
        lists.append(same_for_all(self.trending, quotas[TRENDING], TRENDING, batch))
        if len(quotas) > POPULAR:
            lists.append(same_for_all(self.popular, quotas[POPULAR], POPULAR, batch))
        if self.new_products:
            new = self.new_products(history_index, self.interest(history_age))
            priority = NEW_PRIORITY_IN_POOL if len(quotas) > POPULAR else _NEW_PRIORITY
            priorities = tf.where(tf.gather(self.hidden, new), NEVER, priority)
            lists.append((new, priorities, constant_like(new, NEW_PRODUCT)))
        return lists

    def new_for_you(
        self, history_index: tf.Tensor, history_age: tf.Tensor, top_k: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Products never sold before (`NewProducts.best_shown`); ages are days before the query."""
        return self.never_sold.best_shown(history_index, self.interest(history_age), self.hidden, top_k)

    def interest(self, history_age: tf.Tensor) -> tf.Tensor:
        """What an event counts of the interest in its group `[batch, time]`."""
        return decayed(history_age, self.scorer.half_lives[1:])[..., 0]

    def _best(
        self, scores: tf.Tensor, products: tf.Variable | None, quota: int, source: int, least: float
    ) -> SourceList:
        """The best that are not hidden; `products` are those of the scores, all by default."""
        if products is not None:
            products = tf.concat([products, [0]], axis=0)  # anybody else, who has a score of 0
        if self.hides:
            hidden = self.hidden if products is None else tf.gather(self.hidden, products)
            scores = tf.where(hidden[tf.newaxis, :], least, scores)
        return best_scored(scores, products, quota, source, least)

    def features(self, scores: SourceScores, index: tf.Tensor) -> tf.Tensor:
        """`SOURCE_FEATURES`, then the product statistics `[batch, candidates, features]`."""
        neighbours = self.scorer.neighbours.at(scores.neighbours, index)
        ease = self.scorer.ease.at(scores.ease, index)
        transitions = self.scorer.transitions.at(scores.transitions, index)
        similar_users = self.scorer.similar_users.at(scores.similar_users, index)
        columns = [
            tf.gather(scores.two_tower, index, batch_dims=1)[:, tf.newaxis],
            tf.math.log1p(neighbours),
            ease,
            tf.sqrt(transitions),
            share_of_best(neighbours, scores.best_neighbours)[:, tf.newaxis],
            share_of_best(ease, scores.best_ease)[:, tf.newaxis],
            share_of_best(transitions, scores.best_transitions)[:, tf.newaxis],
            to_feature(similar_users)[:, tf.newaxis],
        ]
        by_product = tf.transpose(tf.concat(columns, axis=1), [0, 2, 1])
        return tf.concat([by_product, tf.gather(self.statistics, index)], axis=-1)

    def _own_features(self, history_index: tf.Tensor, history_age: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        """Counts of the product in the history, plain and decayed, and its newest age; those of its groups.

        Logarithms `[batch, slots, features]`; of the groups only the more slowly decaying counts.
        """
        known = (history_index >= 0)[..., tf.newaxis]
        decay = decayed(history_age, self.scorer.own_half_lives)
        weights = tf.concat([tf.ones_like(decay[..., :1]), decay], axis=-1)
        groups = tf.gather(self.groups, tf.maximum(history_index, 0))
        own = tf.gather(self.groups, index)
        totals = group_totals(groups, own, known, weights, history_age, self.num_keys)
        logs = tf.math.log1p(totals.table[:, :-1])  # all but the oldest age
        of_groups = tf.gather(logs[:, 2:], totals.group[:, :, 1:])
        shape = tf.shape(own)
        width = (int(self.groups.shape[1]) - 1) * int(of_groups.shape[3])
        joined = tf.reshape(of_groups, [shape[0], shape[1], width])
        return tf.concat([tf.gather(logs, totals.group[:, :, 0]), joined], axis=-1)

    def _worth(
        self, index: tf.Tensor, source: tf.Tensor, prerank: tf.Tensor, own_count: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Scores of the pool with what is hidden last, and the same with what is reserved first."""
        hidden = tf.gather(self.hidden, index)
        visible = tf.where(hidden, -NEVER, prerank)
        favourites = tf.math.top_k(own_count, max(1, self.num_candidates // OWN_RESERVED)).values[:, -1:]
        reserved = tf.logical_or(
            tf.logical_and(own_count > 0, own_count >= favourites), tf.gather(self.is_best_seller, index)
        )
        kept = tf.where(tf.logical_and(reserved, ~hidden), NEVER, visible)
        if self.num_new:
            kept = tf.where(source == NEW_PRODUCT, 2 * NEVER, kept)
        return visible, kept


def _found(index: tf.Tensor, source: tf.Tensor, features: tf.Tensor, prerank: tf.Tensor) -> Tensors:
    return {
        names.CANDIDATE_INDEX: index,
        "candidate_source": source,
        PRERANKER_SCORE: prerank,
        names.CANDIDATE_FEATURES: features,
    }
