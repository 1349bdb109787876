"""Products never sold before: those of the groups that a user buys from and in which news is taken up."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from components.recommender.candidates.item_to_item import frozen
from components.recommender.candidates.tables import CandidateTables

MAX_NEVER_SOLD = 1000
"""Products of one group, and length of a list, of the signature `new_for_you`."""


class NewProducts(tf.Module):
    """Orders new products by what the user buys of their group, and how often news of it are taken up.

    Args:
        tables: New products, their rates and the groups of all products.
        count: How many are wanted. No more of one group can be among them: the others never come up.
    """

    def __init__(self, tables: CandidateTables, count: int) -> None:
        super().__init__()
        self._count = count
        snapshot = tables.snapshot
        group = tables.groups[:, int(snapshot.new_grouping)]
        kept = _best_of_each(group[snapshot.new_products], snapshot.new_rates, count)
        self.num_groups = int(group.max(initial=0)) + 1
        self.group = frozen(group, tf.int32)
        self.products = frozen(snapshot.new_products[kept], tf.int64)
        self.groups = frozen(group[snapshot.new_products[kept]], tf.int32)
        self.rates = frozen(snapshot.new_rates[kept], tf.float32)

    def __call__(self, history_index: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
        """The best `count` of them, int64 `[batch, count]`; the arguments are those of `best`."""
        return self.best(history_index, weight, tf.constant(self._count))[0]

    def best(
        self, history_index: tf.Tensor, weight: tf.Tensor, top_k: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The best of them and their scores, int64 and float32 `[batch, top_k or all]`.

        Args:
            history_index: Products of the history, -1 pads `[batch, time]`.
            weight: Of each event `[batch, time]`.
            top_k: How many, at most `count`; scalar.
        """
        batch = tf.shape(history_index)[0]
        rows = tf.range(batch)[:, tf.newaxis] * self.num_groups
        group = rows + tf.gather(self.group, tf.maximum(history_index, 0))
        counted = tf.where(history_index >= 0, weight, 0.0)
        bought = tf.math.unsorted_segment_sum(counted, group, batch * self.num_groups)
        bought = tf.math.log1p(tf.reshape(bought, [batch, self.num_groups]))
        scores = tf.gather(bought, self.groups, axis=1) + self.rates
        best = tf.math.top_k(scores, k=tf.minimum(top_k, tf.shape(scores)[1]))
        return tf.gather(self.products, best.indices), best.values

    def best_shown(
        self, history_index: tf.Tensor, weight: tf.Tensor, hidden: tf.Tensor, top_k: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The best that are not hidden, and their scores, minus infinity for hidden ones at the end.

        Args:
            history_index: Products of the history, -1 pads `[batch, time]`.
            weight: Of each event `[batch, time]`.
            hidden: Which products are `[products]`.
            top_k: How many, at most `count`; scalar.

        Returns:
            Products int64 and scores float32 `[batch, top_k or all]`.
        """
        spare = tf.reduce_sum(tf.cast(tf.gather(hidden, self.products), tf.int32))
        product, score = self.best(history_index, weight, top_k + spare)
        score = tf.where(tf.gather(hidden, product), -float("inf"), score)
        best = tf.math.top_k(score, k=tf.minimum(top_k, tf.shape(score)[1]))
        return tf.gather(product, best.indices, batch_dims=1), best.values


def _best_of_each(group: np.ndarray, rate: np.ndarray, count: int) -> np.ndarray:
    """Indices of the `count` highest rates of each group, the first of equal ones, in their order."""
    order = np.lexsort((-rate, group))
    starts = np.searchsorted(group[order], group[order])
    kept: np.ndarray = np.sort(order[np.arange(len(order)) - starts < count])
    return kept
