"""Takes a little of the log popularity off every score, in the graph."""

from __future__ import annotations

import tensorflow as tf

from schema.served.candidate_features import CANDIDATE_FEATURES

POPULARITY = CANDIDATE_FEATURES.index("share_four")
"""Column of `candidate_features`: log share of the sales of four windows."""


def discounted(scores: tf.Tensor, candidate_features: tf.Tensor, discount: float) -> tf.Tensor:
    """Scores `[batch, candidates]` less the discount on popularity."""
    return scores - discount * candidate_features[..., POPULARITY] if discount else scores
