"""What users with a like history buy, in the graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import tensorflow as tf

from components.recommender.candidates.item_to_item import Purchases, frozen
from schema.served.candidate_features import SIMILAR_USERS_SCALE

NUM_NEIGHBOURS: Final = 100
"""Users that are asked."""
HALF_LIFE: Final = 3.0
"""In windows, of the weight of an event, as that of the lasting taste."""


@dataclass(frozen=True)
class SimilarUserTables:
    """Users among whom alike ones are sought.

    Attributes:
        user: What queries name each by `[users]`.
        holder_start: Where the holders of each product begin, int32 `[products + 1]`.
        holder: Rows of the users who have the product, int32 `[entries]`.
        holder_weight: What it adds to the cosine with them, float32 `[entries]`.
        bought_index: Products that each user buys, int32 `[users, most]`, -1 pads.
        bought_weight: How much; rows have length 1, float32 `[users, most]`.
    """

    user: np.ndarray
    holder_start: np.ndarray
    holder: np.ndarray
    holder_weight: np.ndarray
    bought_index: np.ndarray
    bought_weight: np.ndarray


class SimilarUsers(tf.Module):
    """User-based nearest neighbours (Herlocker et al., SIGIR 1999).

    Users are alike by the cosine of their decayed histories, each product weighted by the log of how few
    users have it. What is scored is the mean of the purchases of the `NUM_NEIGHBOURS` most alike, weighted
    by how alike they are. Nobody is a neighbour of himself.

    Args:
        tables: Of a sample of users that does not grow with the shop.
    """

    def __init__(self, tables: SimilarUserTables) -> None:
        super().__init__()
        num_products = len(tables.holder_start) - 1
        nobody = not len(tables.user)
        user = np.full(1, -2) if nobody else tables.user
        index = np.full((1, 1), -1) if nobody else tables.bought_index
        weight = np.zeros((1, 1)) if nobody else tables.bought_weight
        reachable = np.unique(index[index >= 0]).astype(np.int32)
        self.num_users, self.num_reachable = len(user), len(reachable)
        reachable_index = np.full(num_products, self.num_reachable, np.int32)
        reachable_index[reachable] = np.arange(self.num_reachable)
        self.user = frozen(user, tf.int64)
        self.start = frozen(tables.holder_start, tf.int32)
        self.holder = frozen(tables.holder, tf.int32)
        self.holder_weight = frozen(tables.holder_weight, tf.float32)
        self.reachable = frozen(reachable, tf.int32)
        self.reachable_index = frozen(reachable_index, tf.int32)
        bought = np.where(index >= 0, reachable_index[np.maximum(index, 0)], self.num_reachable)
        self.bought = frozen(bought, tf.int32)
        self.bought_weight = frozen(weight, tf.float32)

    def __call__(self, purchases: Purchases, user: tf.Tensor, batch: tf.Tensor) -> tf.Tensor:
        """Scores of reachable products, and 0 for all others `[batch, reachable + 1]`.

        Args:
            purchases: Distinct products of the histories.
            user: What each query's user is named by, -1 if unknown `[batch]`.
            batch: Number of queries.
        """
        alike, row = tf.math.top_k(
            self._cosines(purchases, user, batch), k=min(NUM_NEIGHBOURS, self.num_users)
        )
        share = tf.math.divide_no_nan(alike, tf.reduce_sum(alike, axis=1, keepdims=True))
        given = tf.gather(self.bought_weight, row) * share[..., tf.newaxis]
        width = self.num_reachable + 1
        segment = tf.range(batch)[:, tf.newaxis, tf.newaxis] * width + tf.gather(self.bought, row)
        summed = tf.math.unsorted_segment_sum(
            tf.reshape(given, [-1]), tf.reshape(segment, [-1]), batch * width
        )
        return tf.reshape(summed, [batch, width])

    def at(self, scores: tf.Tensor, products: tf.Tensor) -> tf.Tensor:
        """Scores of some products: `[batch, reachable + 1]` at `[batch, count]`."""
        return tf.gather(scores, tf.gather(self.reachable_index, products), batch_dims=1)

    def everywhere(self, scores: tf.Tensor) -> tf.Tensor:
        """Scores `[batch, reachable + 1]` of the whole catalogue `[batch, products]`."""
        return tf.gather(scores, self.reachable_index, axis=1)

    def _cosines(self, purchases: Purchases, user: tf.Tensor, batch: tf.Tensor) -> tf.Tensor:
        """With each user of the sample, times the length of the query's own profile `[batch, users]`.

        0 with himself.
        """
        holders = tf.ragged.range(
            tf.gather(self.start, purchases.products), tf.gather(self.start, purchases.products + 1)
        )
        asking = tf.gather(tf.cast(purchases.rows, tf.int32), holders.value_rowids())
        weight = tf.gather(purchases.counts, holders.value_rowids())
        cosines = tf.math.unsorted_segment_sum(
            weight * tf.gather(self.holder_weight, holders.flat_values),
            asking * self.num_users + tf.gather(self.holder, holders.flat_values),
            batch * self.num_users,
        )
        himself = user[:, tf.newaxis] == self.user[tf.newaxis, :]
        return tf.where(himself, 0.0, tf.reshape(cosines, [batch, self.num_users]))


def to_feature(scores: tf.Tensor) -> tf.Tensor:
    """The number that stands beside a candidate: a logarithm, 0 for a score of 0."""
    return tf.math.log1p(SIMILAR_USERS_SCALE * scores)
