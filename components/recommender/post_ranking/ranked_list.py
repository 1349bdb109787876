"""What comes out of post-ranking: indices into the scored candidates, cut to the length of the list."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from components.recommender.post_ranking.filters import FILTERED, cut


@dataclass(frozen=True)
class RankedList:
    """A ranked_list list.

    Attributes:
        position: Indices into the scored candidates `[batch, top_k]`.
        score: Those of its products from the highest to the lowest `[batch, top_k]`.
        exists: Whether there is a product `[batch, top_k]`.
        pinned_by: Name of the rule that put it there, or empty `[batch, top_k]`.
        relaxed: Name of the rule that it breaks for want of others, or empty `[batch, top_k]`.
        propensity: Chance with which it was drawn, given those above it; 1 without exploration, for what
            is pinned and below the head `[batch, top_k]`.
    """

    position: tf.Tensor
    score: tf.Tensor
    exists: tf.Tensor
    pinned_by: tf.Tensor
    relaxed: tf.Tensor
    propensity: tf.Tensor


def as_scored(scores: tf.Tensor, top_k: tf.Tensor) -> RankedList:
    """The list in the order of its scores, without any rule."""
    position, score, exists = cut(scores, top_k)
    nothing = tf.fill(tf.shape(position), "")
    return RankedList(position, score, exists, nothing, nothing, tf.ones_like(score))


def make_ranked_list(
    order: tf.Tensor, scores: tf.Tensor, pinned_by: tf.Tensor, relaxed: tf.Tensor, top_k: tf.Tensor
) -> RankedList:
    """The first of an order, with what rules did to each.

    Args:
        order: Indices `[batch, width]`.
        scores: By index `[batch, width]`.
        pinned_by: Likewise, names of rules.
        relaxed: Likewise.
        top_k: Length of the list, scalar.
    """
    count = tf.minimum(top_k, tf.shape(order)[1])
    missing = [[0, 0], [0, top_k - count]]
    position = order[:, :count]
    score = tf.pad(tf.gather(scores, position, batch_dims=1), missing, constant_values=FILTERED)
    position = tf.pad(position, missing)
    named, broken = (tf.gather(texts, position, batch_dims=1) for texts in (pinned_by, relaxed))
    exists, score = score > FILTERED, tf.sort(score, direction="DESCENDING")  # handed out from the top
    named, broken = (tf.where(exists, texts, "") for texts in (named, broken))
    return RankedList(position, score, exists, named, broken, tf.ones_like(score))
