"""Where one product stands in the candidate sources, in the pool and before the preranker, in the graph."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from components.recommender.candidates.item_to_item import ItemToItem
from components.recommender.candidates.lists import NEVER
from components.recommender.candidates.retrieved import Retrieved
from components.recommender.candidates.similar_users import SimilarUsers
from components.recommender.candidates.sources import (
    EASE,
    NEIGHBOURS,
    NEW_PRODUCT,
    OWN_HISTORY,
    POPULAR,
    SIMILAR_USERS,
    SOURCE_NAMES,
    TRANSITIONS,
    TRENDING,
    TWO_TOWER,
    CandidateSources,
)
from schema import names

Tensors = dict[str, Any]

_ROUNDING = 1e-3


def trace_sources(
    sources: CandidateSources, retrieved: Retrieved, query: Tensors, product: tf.Tensor
) -> Tensors:
    """Ranks of a product, from 1; 0 where it has none.

    Args:
        sources: With the product among what is not hidden.
        retrieved: What they made.
        query: Dense, with the history.
        product: `[batch]`.

    Returns:
        `source_rank`, `source_needed` (the last rank that would have brought it into the pool) and
        `source_quota`, int32 `[batch, sources]`; `pool_rank`, `pool_size`, `preranker_rank`,
        `preranker_needed` (the last rank that stays) and `num_candidates`, int32 `[batch]`, and
        `is_reserved`, whether it stays whatever its rank, bool `[batch]`.
    """
    batch = tf.shape(product)[0]
    of_source = _ranks(sources, retrieved, query, product)
    quota = _quotas(sources, retrieved, batch)
    needed, filled = _needed(sources, retrieved, quota)
    columns = [needed[:, source] for source in range(len(SOURCE_NAMES))]
    columns[NEW_PRODUCT] = quota[:, NEW_PRODUCT]
    columns[POPULAR] = tf.maximum(needed[:, POPULAR], filled)
    found = {
        "source_rank": tf.stack([of_source[source] for source in range(len(SOURCE_NAMES))], axis=1),
        "source_needed": tf.stack(columns, axis=1),
        "source_quota": quota,
        "pool_rank": _first_rank(retrieved.pool, product),
        "pool_size": tf.fill([batch], tf.shape(retrieved.pool)[1]),
        "num_candidates": tf.fill([batch], sources.num_candidates),
    }
    return found | _preranked(retrieved, found["pool_rank"], sources.num_candidates)


def rank_among(scores: tf.Tensor, column: tf.Tensor, counts: tf.Tensor | None = None) -> tf.Tensor:
    """The rank of one entry of each row by falling score, ties by column, int32 `[batch]`.

    Args:
        scores: `[batch, width]`.
        column: Of the entry `[batch]`.
        counts: Which entries count beside it `[batch, width]`; all of them by default.
    """
    own = tf.gather(scores, column, batch_dims=1)[:, tf.newaxis]
    earlier = tf.range(tf.shape(scores)[1])[tf.newaxis, :] < tf.cast(column, tf.int32)[:, tf.newaxis]
    before = tf.logical_or(scores > own, tf.logical_and(scores == own, earlier))
    if counts is not None:
        before = tf.logical_and(before, counts)
    return 1 + tf.reduce_sum(tf.cast(before, tf.int32), axis=1)


def _quotas(sources: CandidateSources, retrieved: Retrieved, batch: tf.Tensor) -> tf.Tensor:
    """Length of the list of each source, int32 `[batch, sources]`."""
    given = {POPULAR: 0} | dict(enumerate(sources.quotas)) | {NEW_PRODUCT: sources.num_new}
    if not sources.scorer.reads_towers:
        given[TWO_TOWER] = 0
    columns = [
        tf.fill([batch], given[source]) if source in given else _length_of_list(retrieved, source)
        for source in range(len(SOURCE_NAMES))
    ]
    return tf.stack(columns, axis=1)


def _length_of_list(retrieved: Retrieved, source: int) -> tf.Tensor:
    sources = tf.concat([found for _, _, found in retrieved.lists], axis=1)
    return tf.reduce_sum(tf.cast(sources == source, tf.int32), axis=1)


def _rank_in_list(retrieved: Retrieved, source: int, product: tf.Tensor) -> tf.Tensor:
    """In the list of a source as it came into the union, so up to its quota only."""
    index, priority, sources = (tf.concat(parts, axis=1) for parts in zip(*retrieved.lists, strict=True))
    rank = tf.cumsum(tf.cast(sources == source, tf.int32), axis=1)
    is_here = tf.logical_and(index == product[:, tf.newaxis], priority < NEVER)
    return tf.reduce_max(tf.where(tf.logical_and(is_here, sources == source), rank, 0), axis=1)


def _ranks(
    sources: CandidateSources, retrieved: Retrieved, query: Tensors, product: tf.Tensor
) -> dict[int, tf.Tensor]:
    scores, scorer = retrieved.scores, sources.scorer
    tables: dict[int, tuple[tf.Tensor, ItemToItem | SimilarUsers]] = {
        NEIGHBOURS: (scores.neighbours_share, scorer.neighbours),
        EASE: (scores.ease_share, scorer.ease),
        TRANSITIONS: (scores.transitions_share, scorer.transitions),
        SIMILAR_USERS: (scores.similar_users, scorer.similar_users),
    }
    towers = tf.where(sources.hidden[tf.newaxis, :], -1.0, scores.two_tower)
    cosine = tf.gather(towers, product, batch_dims=1)
    found = {
        OWN_HISTORY: _rank_in_history(retrieved, product, sources.quotas[OWN_HISTORY]),
        TWO_TOWER: tf.where(cosine > -1.0, rank_among(towers, product), 0),
        TRENDING: _rank_in(sources.trending, product),
        POPULAR: _rank_in(sources.popular, product),
        NEW_PRODUCT: _rank_of_new(sources, query, product),
    }
    found |= {source: _rank_in_table(sources, *table, product) for source, table in tables.items()}
    for source in set(range(len(SOURCE_NAMES))) - set(found):
        found[source] = _rank_in_list(retrieved, source, product)
    return {source: tf.cast(rank, tf.int32) for source, rank in found.items()}


def _rank_in_table(
    sources: CandidateSources, shares: tf.Tensor, table: ItemToItem | SimilarUsers, product: tf.Tensor
) -> tf.Tensor:
    """Among all that the table reaches and that are not hidden."""
    hidden = tf.gather(sources.hidden, tf.concat([table.reachable, [0]], axis=0))
    visible = tf.where(hidden[tf.newaxis, :], 0.0, shares)
    slot = tf.gather(table.reachable_index, product)
    return tf.where(tf.gather(visible, slot, batch_dims=1) > 0, rank_among(visible, slot), 0)


def _rank_in_history(retrieved: Retrieved, product: tf.Tensor, quota: int) -> tf.Tensor:
    """How many events back the newest one with the product is."""
    index, priority, _ = retrieved.lists[0]
    own = tf.where(index == product[:, tf.newaxis], priority, NEVER)
    nearest = tf.reduce_min(own, axis=1)
    return tf.where(nearest < NEVER, 1 + tf.cast(tf.round(nearest * quota), tf.int32), 0)


def _rank_of_new(sources: CandidateSources, query: Tensors, product: tf.Tensor) -> tf.Tensor:
    if not sources.num_new:
        return tf.zeros_like(product)
    history, age = query[names.HISTORY_INDEX], query[names.HISTORY_AGE]
    count = tf.shape(sources.never_sold.products)[0]
    ordered, _ = sources.never_sold.best(history, sources.interest(age), count)
    return _first_rank(ordered, product)


def _rank_in(ranking: tf.Tensor, product: tf.Tensor) -> tf.Tensor:
    """In a list that is the same for all."""
    listed = tf.convert_to_tensor(ranking)[tf.newaxis, :]
    return _first_rank(tf.tile(listed, [tf.shape(product)[0], 1]), product)


def _first_rank(products: tf.Tensor, product: tf.Tensor) -> tf.Tensor:
    """Rank of a product in each row, from 1; 0 without it."""
    same = products == tf.cast(product, products.dtype)[:, tf.newaxis]
    padded = tf.concat([same, tf.ones_like(same[:, :1])], axis=1)  # so that a row has one column at least
    rank = 1 + tf.argmax(tf.cast(padded, tf.int32), axis=1, output_type=tf.int32)
    return tf.where(tf.reduce_any(same, axis=1), rank, 0)


def _needed(sources: CandidateSources, retrieved: Retrieved, quota: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The last rank of each source that comes into the pool, and how far the fill goes, or 0.

    The pool ends with a priority; of ranks with that priority those come in that are of the same source or
    of one that stands before it.
    """
    of_pool = _priorities(sources, retrieved)
    brought = of_pool < NEVER
    cutoff = tf.reduce_max(tf.where(brought, of_pool, -1.0), axis=1, keepdims=True)
    last = tf.reduce_max(tf.where(of_pool == cutoff, retrieved.pool_source, -1), axis=1, keepdims=True)
    reached = cutoff * tf.cast(quota, tf.float32)
    before = tf.math.ceil(reached - _ROUNDING)
    up_to = tf.math.floor(reached + _ROUNDING) + 1.0
    ties_come = tf.range(len(SOURCE_NAMES))[tf.newaxis, :] <= last
    ranks = tf.cast(tf.where(ties_come, up_to, before), tf.int32)
    popular_rank = tf.scatter_nd(
        tf.cast(sources.popular[:, tf.newaxis], tf.int32),
        1 + tf.range(tf.shape(sources.popular)[0]),
        [sources.num_products],
    )
    filled = tf.reduce_max(tf.where(brought, 0, tf.gather(popular_rank, retrieved.pool)), axis=1)
    is_filled = filled[:, tf.newaxis] > 0
    return tf.where(is_filled, quota, tf.clip_by_value(ranks, 0, quota)), filled


def _priorities(sources: CandidateSources, retrieved: Retrieved) -> tf.Tensor:
    """The best priority that a source gives each product of the pool `[batch, pool]`."""
    index, priority = (tf.concat([lists[part] for lists in retrieved.lists], axis=1) for part in (0, 1))
    batch, width = tf.shape(index)[0], sources.num_products + 1
    rows = tf.range(batch)[:, tf.newaxis] * width
    offered = tf.where(priority < NEVER, tf.cast(index, tf.int32), sources.num_products)
    keys = tf.reshape(rows + offered, [-1])
    best = tf.math.unsorted_segment_min(tf.reshape(priority, [-1]), keys, batch * width)
    return tf.gather(best, rows + tf.cast(retrieved.pool, tf.int32))


def _preranked(retrieved: Retrieved, pool_rank: tf.Tensor, num_candidates: int) -> Tensors:
    nothing = tf.zeros_like(pool_rank)
    if retrieved.visible is None or retrieved.kept is None:
        return {"preranker_rank": nothing, "preranker_needed": nothing, "is_reserved": nothing > 0}
    column = tf.maximum(pool_rank - 1, 0)
    last = tf.math.top_k(retrieved.kept, num_candidates).values[:, -1:]
    stays = tf.reduce_sum(tf.cast(retrieved.visible >= last, tf.int32), axis=1)
    reserved = tf.gather(retrieved.kept, column, batch_dims=1) >= NEVER
    return {
        "preranker_rank": tf.where(pool_rank > 0, rank_among(retrieved.visible, column), 0),
        "preranker_needed": stays,
        "is_reserved": tf.logical_and(pool_rank > 0, reserved),
    }
