"""Scores by each source that can score the catalogue, in the graph."""

from __future__ import annotations

import math
from dataclasses import dataclass

import tensorflow as tf

from components.recommender.candidates.embedding_table import EmbeddingTable
from components.recommender.candidates.item_to_item import ItemToItem, Purchases, share_of_best
from components.recommender.candidates.similar_users import SimilarUsers
from components.recommender.candidates.tables import CandidateTables

_SHORT, _RECENT, _LASTING = 0.125, 0.5, 3.0
"""Half-lives of a purchase's weight, as shares of the window: today's, the current and the lasting taste."""
_LATEST_EVENTS = (1.5, 10.0)
"""Half-lives of an event's weight in transitions, in later events."""


@dataclass(frozen=True)
class SourceScores:
    """Scores of one batch.

    Attributes:
        two_tower: Cosines `[batch, products]`.
        neighbours: Of those that are anybody's neighbours, see `ItemToItem`.
        ease: Likewise.
        transitions: Likewise.
        similar_users: See `SimilarUsers`.
        best_neighbours: The highest of each taste `[batch, 2, 1]`.
        best_ease: Likewise.
        best_transitions: Likewise.
    """

    two_tower: tf.Tensor
    neighbours: tf.Tensor
    ease: tf.Tensor
    transitions: tf.Tensor
    similar_users: tf.Tensor
    best_neighbours: tf.Tensor
    best_ease: tf.Tensor
    best_transitions: tf.Tensor

    @property
    def neighbours_share(self) -> tf.Tensor:
        """`share_of_best` of all that are anybody's neighbours, and of anybody else."""
        return share_of_best(self.neighbours, self.best_neighbours)

    @property
    def ease_share(self) -> tf.Tensor:
        """Likewise."""
        return share_of_best(self.ease, self.best_ease)

    @property
    def transitions_share(self) -> tf.Tensor:
        """Likewise."""
        return share_of_best(self.transitions, self.best_transitions)


class SourceScorer(tf.Module):
    """Scores products by the towers, by item-to-item neighbours, EASE, transitions, and by similar users.

    Args:
        tables: Embeddings, neighbours and weights at one cutoff.
        window_days: Length of the eval window. Purchases decay with half-lives of half of it (short-term
            interest) and of three times as long (long-term interest) in the item-to-item sources.
        reads_towers: Whether the towers may be read; if not, all products have the cosine 0.
    """

    def __init__(self, tables: CandidateTables, window_days: float, reads_towers: bool = True) -> None:
        super().__init__()
        self.reads_towers = reads_towers
        self.num_products = tables.num_products
        self.half_lives = (window_days * _RECENT, window_days * _LASTING)
        self.own_half_lives = (window_days * _SHORT, *self.half_lives)
        self.latest_events = _LATEST_EVENTS
        snapshot = tables.snapshot
        self.embeddings = EmbeddingTable(tables.embeddings)
        self.neighbours = ItemToItem(snapshot.neighbour_index, snapshot.neighbour_score)
        self.ease = ItemToItem(snapshot.ease_index, snapshot.ease_score)
        self.transitions = ItemToItem(snapshot.next_index, snapshot.next_score)
        self.similar_users = SimilarUsers(snapshot.similar_users)

    def __call__(
        self,
        query_embedding: tf.Tensor,
        history_index: tf.Tensor,
        history_age: tf.Tensor,
        user_index: tf.Tensor,
    ) -> SourceScores:
        """Scores products for queries `[batch, dim]` of users `[batch]` with histories `[batch, time]`."""
        purchases = self._distinct_purchases(history_index, history_age)
        batch = tf.shape(history_index)[0]
        neighbours = self.neighbours(purchases, purchases.weights, batch)
        ease = self.ease(purchases, purchases.weights, batch)
        transitions = self.transitions(purchases, purchases.latest, batch)
        two_tower = self.embeddings.scores(query_embedding)
        return SourceScores(
            two_tower=two_tower if self.reads_towers else tf.zeros_like(two_tower),
            neighbours=neighbours,
            ease=ease,
            transitions=transitions,
            similar_users=self.similar_users(purchases, user_index, batch),
            best_neighbours=tf.reduce_max(neighbours, axis=2, keepdims=True),
            best_ease=tf.reduce_max(ease, axis=2, keepdims=True),
            best_transitions=tf.reduce_max(transitions, axis=2, keepdims=True),
        )

    def _distinct_purchases(self, history_index: tf.Tensor, history_age: tf.Tensor) -> Purchases:
        """The newest event of each product, and how often it comes."""
        entries = tf.where(history_index >= 0)
        rows = entries[:, 0]
        products, ages = tf.gather_nd(history_index, entries), tf.gather_nd(history_age, entries)
        # Events of one row stand side by side, so later events of the row are those up to its end.
        ends = tf.cumsum(tf.math.bincount(tf.cast(rows, tf.int32), minlength=tf.shape(history_index)[0]))
        later = tf.gather(ends, rows) - 1 - tf.range(tf.shape(rows)[0])
        keys = rows * self.num_products + products
        # Events stand oldest first and equal keys keep their order, so the last of a key is the newest.
        ordered = tf.math.top_k(-keys, k=tf.size(keys))
        newest = tf.concat(
            [ordered.values[1:] != ordered.values[:-1], tf.ones_like(keys[:1], tf.bool)], axis=0
        )
        chosen = tf.gather(ordered.indices, tf.where(newest)[:, 0])
        lasting = decayed(tf.gather(ages, ordered.indices), self.half_lives[1:])[:, 0]
        # The newest event of a product is the last of its run.
        product = tf.cumsum(tf.cast(newest, tf.int32), exclusive=True)
        counts = tf.math.unsorted_segment_sum(lasting, product, tf.size(chosen))
        return Purchases(
            tf.gather(rows, chosen),
            tf.gather(products, chosen),
            decayed(tf.gather(ages, chosen), self.half_lives),
            decayed(tf.cast(tf.gather(later, chosen), tf.float32), _LATEST_EVENTS),
            counts,
        )


def decayed(age: tf.Tensor, half_lives: tuple[float, ...]) -> tf.Tensor:
    """Weights of events of an age `[...]` by half-lives in the same unit, `[..., half-lives]`."""
    rates = tf.constant([math.log(2.0) / half_life for half_life in half_lives], tf.float32)
    return tf.exp(-age[..., tf.newaxis] * rates)
