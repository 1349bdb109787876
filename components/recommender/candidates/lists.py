"""Ranked lists of products and their union, in the graph.

A list is a triple of product index int64, priority float32 (lower first) and source int32, each
`[batch, slots]`. What a source cannot offer stands in it at the priority `NEVER`.
"""

from __future__ import annotations

import tensorflow as tf

NEVER = 1e9
_BLOCK = 16
"""Scores of a block; the best blocks hold the best scores, and 16 at a time are compared faster."""
_MIN_BLOCKS = 4
"""How many times as many blocks as slots there must be, so that looking for blocks pays."""

SourceList = tuple[tf.Tensor, tf.Tensor, tf.Tensor]


def newest_first(history_index: tf.Tensor, hidden: tf.Tensor, quota: int, source: int) -> SourceList:
    """The history, newest event first; what is padded, unknown or hidden never."""
    slot = tf.range(tf.shape(history_index)[1])[tf.newaxis, :]
    newest = tf.reduce_max(tf.where(history_index >= 0, slot, 0), axis=1, keepdims=True)
    rank = tf.cast(tf.maximum(newest - slot, 0), tf.float32)
    usable = tf.logical_and(history_index >= 0, ~tf.gather(hidden, tf.maximum(history_index, 0)))
    priority = tf.where(usable, rank / quota, NEVER)
    return tf.maximum(history_index, 0), priority, constant_like(history_index, source)


def best_scored(
    scores: tf.Tensor, products: tf.Tensor | None, quota: int, source: int, least: float
) -> SourceList:
    """The best `quota` of `scores [batch, slots]` above `least`; ties by slot.

    Args:
        scores: Of visible products; hidden ones have at most `least`.
        products: The product at each slot, int `[slots]`; the slot itself if None.
        quota: Length of the list.
        source: Its number.
        least: What is not above it is never offered.
    """
    count = min(quota, int(scores.shape[1]))
    values, slot = best_slots(scores, count)
    rank = tf.range(count, dtype=tf.float32)[tf.newaxis, :] / quota
    priority = tf.where(values > least, rank, NEVER)
    index = tf.cast(slot if products is None else tf.gather(products, slot), tf.int64)
    return index, priority, constant_like(index, source)


def best_slots(scores: tf.Tensor, count: int) -> tuple[tf.Tensor, tf.Tensor]:
    """The same as `tf.math.top_k` of wide rows, in less time: the best `count` lie in the best blocks.

    A score among the best is the best of its block or stands behind one that is, so no more than `count`
    blocks can hold them; of equal blocks the first are taken, as `top_k` takes the first of equal scores.
    """
    width = int(scores.shape[1])
    num_blocks = -(-width // _BLOCK)
    if num_blocks < _MIN_BLOCKS * count:
        best = tf.math.top_k(scores, k=count)
        return best.values, best.indices
    padded = tf.pad(scores, [[0, 0], [0, num_blocks * _BLOCK - width]], constant_values=scores.dtype.min)
    blocks = tf.reshape(padded, [-1, num_blocks, _BLOCK])
    chosen = tf.math.top_k(tf.reduce_max(blocks, axis=2), k=count).indices
    chosen = tf.sort(chosen, axis=1)
    kept = tf.reshape(tf.gather(blocks, chosen, batch_dims=1), [-1, count * _BLOCK])
    best = tf.math.top_k(kept, k=count)
    block = tf.gather(chosen, best.indices // _BLOCK, batch_dims=1)
    return best.values, block * _BLOCK + best.indices % _BLOCK


def same_for_all(products: tf.Tensor, quota: int, source: int, batch: tf.Tensor) -> SourceList:
    """The first `quota` of a ranking that does not depend on the query."""
    count = min(quota, int(products.shape[0]))
    index = tf.tile(products[tf.newaxis, :count], [batch, 1])
    rank = tf.tile(tf.range(count, dtype=tf.float32)[tf.newaxis, :] / quota, [batch, 1])
    return index, rank, constant_like(index, source)


def union(
    lists: list[SourceList], fill: tf.Tensor, fill_source: int, count: int, num_products: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Merges lists: each product once, at its best priority, then the fill, `count` in all.

    Args:
        lists: Of one batch.
        fill: Products that follow where lists are short `[products]`.
        fill_source: Their source.
        count: Length of the union; not longer than the fill.
        num_products: Size of the catalogue.

    Returns:
        Product index and source, `[batch, count]`, best priority first.
    """
    index, priority, source = (tf.concat(parts, axis=1) for parts in zip(*lists, strict=True))
    ordered = tf.math.top_k(-priority, k=tf.shape(priority)[1])  # ties keep their order
    index, source = (tf.gather(values, ordered.indices, batch_dims=1) for values in (index, source))
    batch, width = tf.unstack(tf.shape(index))
    slot = tf.range(width)[tf.newaxis, :]
    # The first slot of each product; what is never offered goes to a product that there is not.
    offered = tf.where(ordered.values > -NEVER, tf.cast(index, tf.int32), num_products)
    rows = tf.range(batch)[:, tf.newaxis] * (num_products + 1)
    size = batch * (num_products + 1)
    slots = tf.zeros_like(offered) + slot
    first = tf.math.unsorted_segment_min(tf.reshape(slots, [-1]), tf.reshape(rows + offered, [-1]), size)
    is_first = tf.logical_and(tf.gather(first, rows + offered) == slot, offered < num_products)
    fill = fill[:count]
    left = tf.gather(first, rows + tf.cast(fill, tf.int32)[tf.newaxis, :]) == tf.int32.max
    kept = tf.concat([is_first, left], axis=1)
    index = tf.concat([index, tf.tile(fill[tf.newaxis, :], [batch, 1])], axis=1)
    source = tf.concat([source, tf.fill(tf.shape(left), fill_source)], axis=1)
    chosen = _first_true(kept, count)
    return tf.gather(index, chosen, batch_dims=1), tf.gather(source, chosen, batch_dims=1)


def _first_true(mask: tf.Tensor, count: int) -> tf.Tensor:
    """Slots of the first `count` true entries of each row, of which there are as many `[batch, count]`."""
    batch = tf.shape(mask)[0]
    number = tf.cumsum(tf.cast(mask, tf.int32), axis=1)
    target = tf.where(tf.logical_and(mask, number <= count), number - 1, count)
    rows = tf.range(batch)[:, tf.newaxis] * (count + 1)
    slots = tf.zeros_like(target) + tf.range(tf.shape(mask)[1])[tf.newaxis, :]
    found = tf.math.unsorted_segment_max(
        tf.reshape(slots, [-1]), tf.reshape(rows + target, [-1]), batch * (count + 1)
    )
    return tf.reshape(found, [batch, count + 1])[:, :count]


def constant_like(values: tf.Tensor, source: int) -> tf.Tensor:
    """The source's number, in the shape of a list."""
    return tf.fill(tf.shape(values), source)
