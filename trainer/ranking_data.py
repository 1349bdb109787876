"""Batches of candidate rows for the ranker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from schema import names
from schema.features import FeatureSet
from schema.transformed import candidate_spec, dense_candidates

Tensors = dict[str, Any]

_SHUFFLE_BUFFER = 8192
_PER_CANDIDATE = (names.CANDIDATE_INDEX, names.CANDIDATE_FEATURES, names.LABEL)


def ranking_batches(
    patterns: Sequence[str], features: FeatureSet, batch_size: int, shuffle_seed: int | None = None
) -> tf.data.Dataset:
    """Reads dense rows of candidates, streaming from the files.

    Args:
        patterns: File patterns of the CandidateGenerator's rows.
        features: Feature columns.
        batch_size: Queries of a batch.
        shuffle_seed: Shuffles anew each epoch if given; rows without a positive candidate are left out.
    """
    records = _records(patterns)
    if shuffle_seed is not None:
        records = records.shuffle(_SHUFFLE_BUFFER, seed=shuffle_seed, reshuffle_each_iteration=True)
    spec = candidate_spec(features)

    def parse(batch: tf.Tensor) -> Tensors:
        return dense_candidates(tf.io.parse_example(batch, spec), features)

    return records.batch(batch_size).map(parse, num_parallel_calls=2, deterministic=True).prefetch(2)


def count_rows(patterns: Sequence[str]) -> int:
    """Number of rows in the files."""
    return sum(1 for _ in _records(patterns))


def sample_candidates(batch: Tensors, count: int) -> Tensors:
    """Keeps all positives of each list and random negatives, `count` candidates in all."""
    labels = batch[names.LABEL]
    count = tf.minimum(count, tf.shape(labels)[1])
    priority = tf.where(labels > 0, 2.0, tf.random.uniform(tf.shape(labels)))
    chosen = tf.math.top_k(priority, k=count, sorted=False).indices
    sampled = {name: tf.gather(batch[name], chosen, batch_dims=1) for name in _PER_CANDIDATE}
    return batch | sampled


def _records(patterns: Sequence[str]) -> tf.data.Dataset:
    files = sorted(name for pattern in patterns for name in tf.io.gfile.glob(pattern))
    return tf.data.TFRecordDataset(files, compression_type="GZIP", buffer_size=1 << 20)
