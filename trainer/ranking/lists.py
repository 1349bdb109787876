"""The ranker's lists in memory, with their features computed once and not again in each epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from schema import names
from schema.tensors.in_graph import untranslated
from trainer.ranking.data import ANCHOR, BOUGHT, HAS_HISTORY, sample_candidates
from trainer.ranking.model import RankingModel
from trainer.ranking.rankers.base import PAIR_FEATURES
from trainer.ranking.rankers.interests import MAX_EVENTS, newest_events

Tensors = dict[str, Any]

_PREFETCHED = 4


def describe_lists(model: RankingModel, batches: tf.data.Dataset, max_candidates: int | None) -> Tensors:
    """Computes and keeps what training and evaluation read of each list.

    Figures are kept as half-precision numbers: they are normalised and cut, so that their error is below
    a four-hundredth of a standard deviation.

    Args:
        model: An adapted model.
        batches: Dense rows of candidates.
        max_candidates: Keeps all positives and random others up to this many of each list; all if None.
            They are described before, beside all others of their list.

    Returns:
        `pair_features` float16 `[lists, candidates, features]`, `label`, `candidate_index`, `anchor` and
        `bought` `[lists, candidates]`, `num_targets`, `query_time` and `has_history` `[lists]`, the labels of
        the heads, and for rankers that read products the newest events of the history.
    """

    @untranslated
    def describe(batch: Tensors) -> Tensors:
        pairs = model.describe(batch)
        kept = {
            PAIR_FEATURES: tf.cast(model.normalize(pairs["features"]), tf.float16),
            ANCHOR: pairs[ANCHOR],
            BOUGHT: pairs["times_bought"] > 0,
            HAS_HISTORY: pairs[HAS_HISTORY],
            names.LABEL: batch[names.LABEL],
            names.CANDIDATE_INDEX: tf.cast(batch[names.CANDIDATE_INDEX], tf.int32),
            names.NUM_TARGETS: batch[names.NUM_TARGETS],
            names.QUERY_TIME: batch[names.QUERY_TIME],
        }
        kept |= {name: batch[name] for name in model.heads.labels}
        if max_candidates is not None:
            kept = sample_candidates(kept, max_candidates)
        return kept | (_history(batch) if model.ranker.reads_products else {})

    described = [
        {name: value.numpy() for name, value in batch.items()}
        for batch in batches.map(describe, num_parallel_calls=2, deterministic=True).prefetch(2)
    ]
    lists: Tensors = {}
    for name in list(described[0]) if described else ():
        lists[name] = tf.constant(np.concatenate([batch.pop(name) for batch in described]))
    return lists


def training_batches(lists: Tensors, batch_size: int, num_candidates: int, seed: int) -> tf.data.Dataset:
    """Batches of lists in another order each epoch, with other negatives.

    Args:
        lists: From `describe_lists`.
        batch_size: Lists of a batch.
        num_candidates: Candidates of a list: its positives and random others.
        seed: Seed of order and negatives.
    """
    count = len(lists[names.LABEL])
    order = tf.data.Dataset.range(count).shuffle(count, seed=seed, reshuffle_each_iteration=True)
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)

    @untranslated
    def gather(rows: tf.Tensor, draw: tf.Tensor) -> Tensors:
        batch = {name: tf.gather(value, rows) for name, value in lists.items()}
        return sample_candidates(batch, num_candidates, draw)

    pairs = tf.data.Dataset.zip((order.batch(batch_size), seeds))
    return pairs.map(gather, num_parallel_calls=2, deterministic=True).prefetch(_PREFETCHED)


def join_lists(first: Tensors, second: Tensors) -> Tensors:
    """The lists of both, of as many candidates; either may be empty."""
    if not first or not second:
        return first or second
    return {name: tf.concat([first[name], second[name]], axis=0) for name in first}


def select_lists(lists: Tensors, chosen: np.ndarray) -> Tensors:
    """The lists marked in `chosen`, bool `[lists]`."""
    rows = tf.constant(np.flatnonzero(chosen))
    return {name: tf.gather(value, rows) for name, value in lists.items()}


def whole_lists(lists: Tensors, batch_size: int) -> tf.data.Dataset:
    """Batches of whole lists in their order."""
    rows = tf.data.Dataset.range(len(lists[names.LABEL])).batch(batch_size)
    return rows.map(lambda chosen: {name: tf.gather(value, chosen) for name, value in lists.items()})


def _history(batch: Tensors) -> Tensors:
    """The newest events, padded to a fixed length so that batches can be joined."""
    index, age = newest_events(batch[names.HISTORY_INDEX], batch[names.HISTORY_AGE])
    missing = [[0, 0], [0, MAX_EVENTS - tf.shape(index)[1]]]
    return {
        names.HISTORY_INDEX: tf.ensure_shape(tf.pad(index, missing, constant_values=-1), [None, MAX_EVENTS]),
        names.HISTORY_AGE: tf.ensure_shape(tf.pad(age, missing), [None, MAX_EVENTS]),
    }
