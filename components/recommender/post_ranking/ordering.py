"""Orders of a list, as indices `[batch, width]`: by score, by tier, with things moved."""

from __future__ import annotations

import tensorflow as tf


def by_score(scores: tf.Tensor) -> tf.Tensor:
    """Indices of the highest score first; ties keep their order."""
    return tf.math.top_k(scores, k=tf.shape(scores)[1]).indices


def by_tier(order: tf.Tensor, tier: tf.Tensor) -> tf.Tensor:
    """The same order with lower tiers first; `tier` belongs to the indices `[batch, width]`."""
    inner = tf.argsort(tf.gather(tier, order, batch_dims=1), stable=True)
    return tf.gather(order, inner, batch_dims=1)


def head_first(order: tf.Tensor, chosen: tf.Tensor) -> tf.Tensor:
    """The entries of `order` at `chosen` `[batch, count]` first, then the others as they stand."""
    count, width = tf.shape(chosen)[1], tf.shape(order)[1]
    rank = tf.range(width)[tf.newaxis, :] + count + tf.zeros_like(order)
    rows = tf.tile(tf.range(tf.shape(order)[0])[:, tf.newaxis], [1, count])
    firsts = tf.tile(tf.range(count)[tf.newaxis, :], [tf.shape(order)[0], 1])
    rank = tf.tensor_scatter_nd_update(rank, tf.stack([rows, chosen], axis=-1), firsts)
    return tf.gather(order, tf.argsort(rank, stable=True), batch_dims=1)


def occurrence(groups: tf.Tensor) -> tf.Tensor:
    """How many entries before each have the same group `[batch, width]`, int32."""
    inner = tf.argsort(groups, stable=True)
    ordered = tf.gather(groups, inner, batch_dims=1)
    nth = tf.range(tf.shape(groups)[1])[tf.newaxis, :] - tf.searchsorted(ordered, ordered)
    return tf.gather(nth, tf.argsort(inner), batch_dims=1)


def over_limit(groups: tf.Tensor, count: int) -> tf.Tensor:
    """Which entries a list has too many of, if of each group `count` are kept, bool `[batch, width]`.

    An entry that is over the limit of one of its groups is not kept, and so counts in none of them.

    Args:
        groups: Of each entry, -1 pads `[batch, width, groups of an entry]`; those of an entry differ.
        count: How many are kept.
    """
    if groups.shape[2] == 1:
        only = groups[..., 0]
        return tf.logical_and(occurrence(only) >= count, only >= 0)
    shape = tf.shape(groups)
    flat = tf.reshape(groups, [shape[0], shape[1] * shape[2]])
    inner = tf.argsort(flat, stable=True)
    back = tf.argsort(inner)
    ordered = tf.gather(flat, inner, batch_dims=1)
    start = tf.searchsorted(ordered, ordered)

    def over(kept: tf.Tensor) -> tf.Tensor:
        counted = tf.repeat(tf.cast(kept, tf.int32), shape[2], axis=1)
        before = tf.cumsum(tf.gather(counted, inner, batch_dims=1), axis=1, exclusive=True)
        before -= tf.gather(before, start, batch_dims=1)
        nth = tf.reshape(tf.gather(before, back, batch_dims=1), shape)
        return tf.reduce_any(tf.logical_and(nth >= count, groups >= 0), axis=2)

    def again(found: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return over(~found), found

    # What an entry is depends on those before it: every round one more of them is right, and mostly many are.
    none = tf.zeros(shape[:2], tf.bool)
    found, _ = tf.while_loop(lambda new, old: tf.reduce_any(new != old), again, (over(~none), none))
    return found


def moved(order: tf.Tensor, entry: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Moves one entry of each row.

    Args:
        order: `[batch, width]`.
        entry: Where it stands now `[batch]`, -1 for nothing.
        target: Where it shall stand `[batch]`.
    """
    rank = tf.range(tf.shape(order)[1])[tf.newaxis, :]
    source, wanted = entry[:, tf.newaxis], target[:, tf.newaxis]
    aim = 2 * wanted + tf.where(source >= wanted, -1, 1)
    key = tf.where(rank == source, aim, 2 * rank)
    return tf.gather(order, tf.argsort(key, stable=True), batch_dims=1)
