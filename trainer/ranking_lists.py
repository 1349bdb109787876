"""The ranker's lists in memory, with their figures computed once and not again in each epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from schema import names
from trainer.rankers.base import FIGURES
from trainer.rankers.tastes import MOST_EVENTS, newest_events
from trainer.ranking_data import sample_candidates
from trainer.ranking_model import RankingModel

Tensors = dict[str, Any]

_PREFETCHED = 4


def describe_lists(model: RankingModel, batches: tf.data.Dataset, most_candidates: int | None) -> Tensors:
    """Computes and keeps what training and evaluation read of each list.

    Figures are kept as half-precision numbers: they are normalised and cut, so that their error is below
    a four-hundredth of a standard deviation.

    Args:
        model: An adapted model.
        batches: Dense rows of candidates.
        most_candidates: Keeps all positives and random others up to this many of each list; all if None.

    Returns:
        `figures` float16 `[lists, candidates, figures]`, `label`, `candidate_index` `[lists, candidates]`,
        `num_targets` `[lists]`, the labels of the heads, and for rankers that read products the newest
        events of the history.
    """

    def describe(batch: Tensors) -> Tensors:
        if most_candidates is not None:
            batch = sample_candidates(batch, most_candidates)
        kept = {
            FIGURES: tf.cast(model.normalize(model.describe(batch)["features"]), tf.float16),
            names.LABEL: batch[names.LABEL],
            names.CANDIDATE_INDEX: tf.cast(batch[names.CANDIDATE_INDEX], tf.int32),
            names.NUM_TARGETS: batch[names.NUM_TARGETS],
        }
        kept |= {name: batch[name] for name in model.heads.labels}
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

    def gather(rows: tf.Tensor, draw: tf.Tensor) -> Tensors:
        batch = {name: tf.gather(value, rows) for name, value in lists.items()}
        return sample_candidates(batch, num_candidates, draw)

    pairs = tf.data.Dataset.zip((order.batch(batch_size), seeds))
    return pairs.map(gather, num_parallel_calls=2, deterministic=True).prefetch(_PREFETCHED)


def whole_lists(lists: Tensors, batch_size: int) -> tf.data.Dataset:
    """Batches of whole lists in their order."""
    rows = tf.data.Dataset.range(len(lists[names.LABEL])).batch(batch_size)
    return rows.map(lambda chosen: {name: tf.gather(value, chosen) for name, value in lists.items()})


def _history(batch: Tensors) -> Tensors:
    """The newest events, padded to a fixed length so that batches can be joined."""
    index, age = newest_events(batch[names.HISTORY_INDEX], batch[names.HISTORY_AGE])
    missing = [[0, 0], [0, MOST_EVENTS - tf.shape(index)[1]]]
    return {
        names.HISTORY_INDEX: tf.ensure_shape(tf.pad(index, missing, constant_values=-1), [None, MOST_EVENTS]),
        names.HISTORY_AGE: tf.ensure_shape(tf.pad(age, missing), [None, MOST_EVENTS]),
    }
