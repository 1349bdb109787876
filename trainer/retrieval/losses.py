"""The loss of the retrieval model."""

from __future__ import annotations

import tensorflow as tf

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
