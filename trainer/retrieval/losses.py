"""The loss of the retrieval model."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from trainer.settings import RetrievalSettings

_HIDDEN = -1e9


def sampled_softmax_loss(
    positive_scores: tf.Tensor,
    positive_rows: tf.Tensor,
    candidate_scores: tf.Tensor,
    accidental_hits: tf.Tensor,
    expected_counts: tf.Tensor,
) -> tf.Tensor:
    """Cross-entropy of each positive against sampled candidates, as an estimate of the full softmax.

    The partition function of a query is estimated by its positive's own term plus those of the sampled
    negatives, each divided by the number of times it was expected in the sample: the logQ correction
    (Yi et al., "Sampling-bias-corrected neural modeling", RecSys 2019). The positive is there with
    certainty and so is not corrected (Khrylchenko et al., "Correcting the LogQ Correction", RecSys 2025).

    Args:
        positive_scores: Scores of (query, positive) pairs `[pairs]`, already divided by the temperature.
        positive_rows: Query of each pair `[pairs]`.
        candidate_scores: Scores of all queries and sampled candidates `[queries, candidates]`.
        accidental_hits: Where a candidate is a positive of the query, bool `[queries, candidates]`; such
            candidates are no negatives.
        expected_counts: How often each candidate is expected in a sample `[candidates]`.

    Returns:
        Loss of each pair `[pairs]`.
    """
    corrected = candidate_scores - tf.math.log(expected_counts)[tf.newaxis, :]
    negatives = tf.where(accidental_hits, _HIDDEN, corrected)
    log_negatives = tf.reduce_logsumexp(negatives, axis=1)
    return tf.nn.softplus(tf.gather(log_negatives, positive_rows) - positive_scores)


def find_accidental_hits(targets: tf.RaggedTensor, candidates: tf.Tensor, num_products: int) -> tf.Tensor:
    """Finds the candidates that are a positive of the query.

    Args:
        targets: Positives of each query, sorted within the row, int64 `[queries, (targets)]`.
        candidates: Candidates shared by all queries, int64 `[candidates]`.
        num_products: Size of the catalogue.

    Returns:
        Bool `[queries, candidates]`.
    """
    rows = tf.range(targets.nrows(), dtype=tf.int64)[:, tf.newaxis] * num_products
    keys = (targets + tf.cast(rows, targets.dtype)).flat_values
    wanted = tf.reshape(rows + candidates[tf.newaxis, :], [-1])
    entry = tf.minimum(tf.searchsorted(keys, wanted), tf.size(keys) - 1)
    return tf.reshape(tf.equal(tf.gather(keys, entry), wanted), [targets.nrows(), -1])


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
