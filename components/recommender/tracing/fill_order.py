"""What follows the candidates, as it would be if other products were hidden or some rules did not count."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from components.recommender.candidates.item_to_item import frozen
from components.recommender.graph import Recommender
from components.recommender.post_ranking.fill import by_popularity


class FillOrder(tf.Module):
    """Makes the table `fill` of the recommender anew, in the graph.

    First come the products that rules need, rule by rule, then all others by popularity, then what was
    hidden when the model was made and has come back, and what is hidden now: so a server puts them
    (`serving.model.hidden`).

    Args:
        recommender: Whose table it is, as it was made.
    """

    def __init__(self, recommender: Recommender) -> None:
        super().__init__()
        self._num_fill = len(recommender.fill.numpy())
        hidden = recommender.sources.hidden.numpy()
        popular = by_popularity(recommender.sources)
        post_ranker = recommender.post_ranker
        wanted = [post_ranker.wanted_by(number, popular) for number in range(len(post_ranker.rules))]
        self._wanted = {n: products[~hidden[products]] for n, products in enumerate(wanted)}
        others = np.concatenate([popular[~hidden[popular]], np.flatnonzero(hidden)])
        keys = np.empty(len(hidden), np.int32)
        keys[others] = sum(map(len, wanted)) + np.arange(len(hidden))
        self.keys = frozen(keys, tf.int32)

    def __call__(self, hidden: tf.Tensor, ignored: tf.Tensor) -> tf.Tensor:
        """The table, int64 `[fill]`.

        Args:
            hidden: Which products are `[products]`.
            ignored: Which rules do not count `[rules]`.
        """
        keys, first = tf.convert_to_tensor(self.keys), 0
        for number, products in self._wanted.items():
            if len(products):
                own = first + tf.range(len(products))
                own = tf.where(ignored[number], tf.gather(keys, products), own)
                keys = tf.tensor_scatter_nd_min(keys, products[:, np.newaxis], own)
                first += len(products)
        order = tf.argsort(keys, stable=True)
        visible = tf.boolean_mask(order, ~tf.gather(hidden, order))[: self._num_fill]
        of_table = order[: self._num_fill]
        gone = tf.boolean_mask(of_table, tf.gather(hidden, of_table))
        return tf.cast(tf.concat([visible, gone], axis=0)[: self._num_fill], tf.int64)
