"""Reorders the head of a list so that it is less alike, in the graph.

`mmr`: maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998).
`dpp`: the greedy search for the likeliest set of a determinantal point process (Chen, Zhang and Zhou, "Fast
greedy MAP inference for determinantal point process", NeurIPS 2018, algorithm 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import tensorflow as tf

from components.recommender.post_ranking.filters import FILTERED

HEAD = 100
"""Ranks at the top that are reordered, whatever `top_k` is: short lists are the beginning of long ones."""
_NEVER = -1e9
_MIN_VARIANCE = 1e-6


Strength: TypeAlias = "float | tf.Tensor"


@dataclass(frozen=True)
class Diversity:
    """How much dissimilarity counts, and by which method.

    Attributes:
        strength: 0 to 1.
        method: Of `METHODS`.
    """

    strength: float
    method: str = "mmr"


def head_size(order: tf.Tensor) -> tf.Tensor:
    """Ranks of lists `[batch, width]` that are reordered, scalar."""
    return tf.minimum(HEAD, tf.shape(order)[1])


def relevance_by_rank(scores: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """How the scores fall over the head: 1 at the first rank, 0 at the last, and between as they do.

    Where the first few lead by far they stay, and where scores are close ranks are changed cheaply.

    Args:
        scores: In any order; filtered ones have no relevance `[batch, width]`.
        size: `head_size`.

    Returns:
        `[batch, size]`.
    """
    best = tf.math.top_k(scores, size).values
    least = tf.reduce_min(tf.where(best > FILTERED, best, best[:, :1]), axis=1, keepdims=True)
    return tf.maximum(tf.math.divide_no_nan(best - least, best[:, :1] - least), 0.0)


def kernel(embeddings: tf.Tensor, categories: tf.Tensor) -> tf.Tensor:
    """How alike products are, 0 to 1.

    Args:
        embeddings: Of length 1 `[batch, pool, dim]`.
        categories: Codes of the members of categories, sets and paths, -1 where missing `[batch, pool,
            columns, members]`.

    Returns:
        The mean of cosine (moved to 0 to 1) and, over the columns, of the share of common members in all
        of both products (Jaccard 1901; 1 for equal categories) `[batch, pool, pool]`; the cosine alone
        without such columns. Both are positive semi-definite, and so is their mean.
    """
    cosine = (1.0 + tf.matmul(embeddings, embeddings, transpose_b=True)) / 2.0
    if categories.shape[2] == 0:
        return cosine
    if categories.shape[3] == 1:
        same = _equal(categories[..., 0])
    else:
        same = _jaccard(categories)
    return (cosine + tf.reduce_mean(same, axis=-1)) / 2.0


def _equal(categories: tf.Tensor) -> tf.Tensor:
    """1 where categories are equal `[batch, pool, pool, columns]`; what is missing equals nothing."""
    known_or_else = tf.where(categories >= 0, categories, -2)
    return tf.cast(known_or_else[:, :, tf.newaxis, :] == categories[:, tf.newaxis, :, :], tf.float32)


def _jaccard(members: tf.Tensor) -> tf.Tensor:
    """Common members by members of either `[batch, pool, pool, columns]`; one member after the other."""
    others = tf.where(members >= 0, members, -2)[:, tf.newaxis]
    common: tf.Tensor = 0.0
    for slot in range(members.shape[3]):
        one = members[:, :, tf.newaxis, :, slot : slot + 1]
        common += tf.cast(tf.reduce_any(one == others, axis=-1), tf.float32)
    size = tf.reduce_sum(tf.cast(members >= 0, tf.float32), axis=-1)
    return tf.math.divide_no_nan(common, size[:, :, tf.newaxis] + size[:, tf.newaxis] - common)


def mmr(relevance: tf.Tensor, similarity: tf.Tensor, strength: Strength, count: tf.Tensor) -> tf.Tensor:
    """Chooses `count` candidates one by one: relevant, and unlike the one chosen before that is most alike.

    Args:
        relevance: 0 to 1 `[batch, pool]`.
        similarity: `kernel` `[batch, pool, pool]`.
        strength: 0 looks at relevance alone, 1 at similarity alone.
        count: Scalar, at most the pool.

    Returns:
        Indices `[batch, count]`, int32.
    """
    gain = (1.0 - strength) * relevance
    # What has been chosen is like itself beyond all measure, and so does not come again.
    penalty = tf.linalg.set_diag(strength * similarity, tf.fill(tf.shape(relevance), -_NEVER))

    def choose(step: tf.Tensor, closest: tf.Tensor, chosen: tf.TensorArray) -> tuple[Any, ...]:
        best = tf.argmax(gain - closest, axis=1, output_type=tf.int32)
        closest = tf.maximum(closest, tf.gather(penalty, best, batch_dims=1))
        return step + 1, closest, chosen.write(step, best)

    begin = (tf.constant(0), tf.zeros_like(relevance), tf.TensorArray(tf.int32, size=count))
    *_, chosen = tf.while_loop(lambda step, *_: step < count, choose, begin)
    return tf.transpose(tf.ensure_shape(chosen.stack(), [None, None]))


def dpp(relevance: tf.Tensor, similarity: tf.Tensor, strength: Strength, count: tf.Tensor) -> tf.Tensor:
    """Chooses `count` candidates greedily so that the determinant of their kernel grows most.

    The kernel is `q_i * similarity_ij * q_j` with quality `q = exp(relevance * (1 - strength) / strength)`
    (equations 8 and 9 of the paper). Arguments and result as of `mmr`; `strength` above 0.
    """
    strength = tf.maximum(strength, 1e-3)
    log_quality = relevance * (1.0 - strength) / strength
    batch, pool = tf.shape(relevance)[0], tf.shape(relevance)[1]

    def choose(
        step: tf.Tensor, variance: tf.Tensor, factors: tf.Tensor, left: tf.Tensor, chosen: tf.TensorArray
    ) -> tuple[Any, ...]:
        gain = 2.0 * log_quality + tf.math.log(tf.maximum(variance, _MIN_VARIANCE))
        best = tf.argmax(tf.where(left, gain, _NEVER), axis=1, output_type=tf.int32)
        own = tf.gather(factors, best, batch_dims=1)
        spread = tf.sqrt(tf.maximum(tf.gather(variance, best, batch_dims=1), _MIN_VARIANCE))
        shared = tf.einsum("bc,bpc->bp", own, factors)
        update = (tf.gather(similarity, best, batch_dims=1) - shared) / spread[:, tf.newaxis]
        factors += update[..., tf.newaxis] * tf.one_hot(step, count)
        left = tf.logical_and(left, ~_one_hot(best, relevance))
        return step + 1, variance - tf.square(update), factors, left, chosen.write(step, best)

    begin = (
        tf.constant(0),
        tf.linalg.diag_part(similarity),
        tf.zeros([batch, pool, count]),
        tf.ones_like(relevance, tf.bool),
        tf.TensorArray(tf.int32, size=count),
    )
    *_, chosen = tf.while_loop(lambda step, *_: step < count, choose, begin)
    return tf.transpose(tf.ensure_shape(chosen.stack(), [None, None]))


METHODS = {"mmr": mmr, "dpp": dpp}


def _one_hot(index: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    return tf.one_hot(index, tf.shape(like)[1], on_value=True, off_value=False, dtype=tf.bool)
