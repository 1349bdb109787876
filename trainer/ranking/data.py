"""Batches of candidate rows for the ranker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from schema import names
from schema.features import FeatureSet
from schema.tensors.transformed import candidate_spec, dense_candidates, read_records
from trainer.ranking.rankers.base import PAIR_FEATURES

Tensors = dict[str, Any]

ANCHOR = "anchor"
"""Of each candidate, the negative log rank in the list of the classical baseline that was chosen."""
BOUGHT = "bought"
"""Whether the user has bought the candidate."""
HAS_HISTORY = "has_history"
"""Whether the query has a known product in its history."""

_FIXED_SEED = (1, 2)
_PER_CANDIDATE = (
    PAIR_FEATURES,
    ANCHOR,
    BOUGHT,
    names.CANDIDATE_INDEX,
    names.CANDIDATE_FEATURES,
    names.LABEL,
    names.LABEL_EVENTS,
    names.LABEL_QUANTITY,
    names.LABEL_RATING,
)


def ranking_batches(
    patterns: Sequence[str],
    features: FeatureSet,
    batch_size: int,
    every: int = 1,
    cutoffs: Sequence[int] | None = None,
) -> tf.data.Dataset:
    """Reads dense rows of candidates in order, streaming from the files.

    Args:
        patterns: File patterns of the CandidateGenerator's rows.
        features: Feature columns.
        batch_size: Queries of a batch.
        every: Takes one row of so many.
        cutoffs: Takes only the rows of these windows; of all if None.
    """
    spec = candidate_spec(features)

    def parse(batch: tf.Tensor) -> Tensors:
        return dense_candidates(tf.io.parse_example(batch, spec), features)

    records = read_records(patterns)
    if cutoffs is not None:
        wanted = tf.constant(list(cutoffs), tf.int64)
        records = records.filter(lambda record: tf.reduce_any(_cutoff(record) == wanted))
    records = records.shard(every, 0).batch(batch_size)
    return records.map(parse, num_parallel_calls=2, deterministic=True).prefetch(2)


def count_rows(patterns: Sequence[str]) -> int:
    """Number of rows in the files."""
    return sum(1 for _ in read_records(patterns))


def sample_candidates(batch: Tensors, count: int, seed: tf.Tensor | None = None) -> Tensors:
    """Keeps all positives of each list and random negatives, `count` candidates in all.

    Args:
        batch: Lists.
        count: Candidates kept.
        seed: Two numbers that decide the negatives, int64 `[2]`; fixed ones if None.
    """
    labels = batch[names.LABEL]
    count = tf.minimum(count, tf.shape(labels)[1])
    drawn = tf.random.stateless_uniform(tf.shape(labels), _FIXED_SEED if seed is None else seed)
    chosen = tf.math.top_k(tf.where(labels > 0, 2.0, drawn), k=count, sorted=False).indices
    sampled = {name: tf.gather(batch[name], chosen, batch_dims=1) for name in _PER_CANDIDATE if name in batch}
    return batch | sampled


def _cutoff(record: tf.Tensor) -> tf.Tensor:
    spec = {names.QUERY_TIME: tf.io.FixedLenFeature([], tf.int64)}
    return tf.io.parse_single_example(record, spec)[names.QUERY_TIME]
