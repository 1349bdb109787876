"""The candidates among which a drawn target has to be found."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from trainer.settings import RetrievalSettings


class Negatives(tf.Module):
    """Chooses the candidates of a step and says how often each was to be expected among them.

    Args:
        target_shares: Probability that a drawn target is each product `[products]`.
        settings: Kinds and numbers of negatives.
    """

    def __init__(self, target_shares: tf.Tensor, settings: RetrievalSettings) -> None:
        super().__init__()
        self.target_shares = tf.constant(target_shares)
        self.num_products = int(self.target_shares.shape[0])
        self.loss = settings.loss
        self.num_uniform = settings.num_uniform_negatives if settings.loss == "sampled_softmax" else 0
        self.num_hard = min(settings.num_hard_negatives, self.num_products)
        shape = [self.num_products, settings.embedding_dim] if self.num_hard else [1, 1]
        self.snapshot = tf.Variable(tf.zeros(shape), trainable=False)

    def refresh(self, embed: Callable[[], tf.Tensor]) -> None:
        """Takes a snapshot of the catalogue's embeddings if hard negatives are wanted."""
        if self.num_hard:
            self.snapshot.assign(embed())

    def draw(self, drawn: tf.Tensor, queries: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Draws candidates.

        Args:
            drawn: The targets of the step `[pairs]`; unless the loss is over the whole catalogue they are
                the first candidates, in order.
            queries: Embeddings, for the hard negatives `[queries, dim]`.

        Returns:
            Products int64 `[candidates]` and their expected counts in such a sample `[candidates]`.
        """
        if self.loss == "full_softmax":
            everything = tf.range(self.num_products, dtype=tf.int64)
            return everything, tf.ones([self.num_products])
        uniform = tf.random.uniform([self.num_uniform], maxval=self.num_products, dtype=tf.int64)
        sampled = tf.concat([drawn, uniform], axis=0)
        in_batch = tf.cast(tf.size(drawn), tf.float32) * tf.gather(self.target_shares, sampled)
        expected = in_batch + self.num_uniform / self.num_products
        if not self.num_hard:
            return sampled, expected
        hard = self._hard(queries, sampled)
        # Chosen for certain, not drawn: each counts once.
        return tf.concat([sampled, hard], axis=0), tf.concat([expected, tf.ones(tf.shape(hard))], axis=0)

    def _hard(self, queries: tf.Tensor, sampled: tf.Tensor) -> tf.Tensor:
        """The best scored products of each query that the sample lacks, each once."""
        scores = tf.matmul(tf.stop_gradient(queries), self.snapshot, transpose_b=True)
        best = tf.reshape(tf.math.top_k(scores, self.num_hard).indices, [-1])
        distinct = tf.cast(tf.unique(best).y, tf.int64)
        present = tf.scatter_nd(sampled[:, tf.newaxis], tf.ones_like(sampled, tf.int32), [self.num_products])
        return tf.boolean_mask(distinct, tf.gather(present, distinct) == 0)
