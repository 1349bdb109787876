"""Ranked lists of products and their union, in the graph.

A list is a triple of product index int64, priority float32 (lower first) and source int32, each
`[batch, places]`. What a source cannot offer stands in it at the priority `NEVER`.
"""

from __future__ import annotations

import tensorflow as tf

NEVER = 1e9

RankedList = tuple[tf.Tensor, tf.Tensor, tf.Tensor]


def newest_first(history_index: tf.Tensor, hidden: tf.Tensor, quota: int, source: int) -> RankedList:
    """The history, newest event first; what is padded, unknown or hidden never."""
    place = tf.range(tf.shape(history_index)[1])[tf.newaxis, :]
    newest = tf.reduce_max(tf.where(history_index >= 0, place, 0), axis=1, keepdims=True)
    rank = tf.cast(tf.maximum(newest - place, 0), tf.float32)
    usable = tf.logical_and(history_index >= 0, ~tf.gather(hidden, tf.maximum(history_index, 0)))
    priority = tf.where(usable, rank / quota, NEVER)
    return tf.maximum(history_index, 0), priority, constant_like(history_index, source)


def best_scored(scores: tf.Tensor, hidden: tf.Tensor, quota: int, source: int, least: float) -> RankedList:
    """The best `quota` products of `scores [batch, products]` that are not hidden and above `least`."""
    count = min(quota, int(scores.shape[1]))
    visible = tf.where(hidden[tf.newaxis, :], -1.0, scores)
    best = tf.math.top_k(visible, k=count)
    rank = tf.range(count, dtype=tf.float32)[tf.newaxis, :] / quota
    priority = tf.where(best.values > least, rank, NEVER)
    return tf.cast(best.indices, tf.int64), priority, constant_like(best.indices, source)


def same_for_all(products: tf.Tensor, quota: int, source: int, batch: tf.Tensor) -> RankedList:
    """The first `quota` of a ranking that does not depend on the query."""
    count = min(quota, int(products.shape[0]))
    index = tf.tile(products[tf.newaxis, :count], [batch, 1])
    rank = tf.tile(tf.range(count, dtype=tf.float32)[tf.newaxis, :] / quota, [batch, 1])
    return index, rank, constant_like(index, source)


def delayed(ranked: RankedList, priority: float) -> RankedList:
    """The same list after all others."""
    index, places, source = ranked
    return index, places + priority, source


def union(lists: list[RankedList], count: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Merges lists: each product once, at its best priority, the first `count` of them.

    Returns:
        Product index and source, `[batch, count]`, best priority first.
    """
    index, priority, source = (tf.concat(parts, axis=1) for parts in zip(*lists, strict=True))
    order = tf.argsort(priority, axis=1, stable=True)
    index, source = (tf.gather(values, order, batch_dims=1) for values in (index, source))
    width = tf.shape(index, out_type=tf.int64)[1]
    keys = tf.sort(index * width + tf.range(width)[tf.newaxis, :], axis=1)
    product, position = keys // width, keys % width
    first = tf.concat([tf.ones_like(product[:, :1], tf.bool), product[:, 1:] != product[:, :-1]], axis=1)
    chosen = tf.sort(tf.where(first, position, width), axis=1)[:, :count]
    return tf.gather(index, chosen, batch_dims=1), tf.gather(source, chosen, batch_dims=1)


def constant_like(values: tf.Tensor, source: int) -> tf.Tensor:
    """The source's number, in the shape of a list."""
    return tf.fill(tf.shape(values), source)
