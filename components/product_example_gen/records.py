"""Writes rows as compressed TFRecord files of tf.Examples."""

from __future__ import annotations

import os
from collections.abc import Iterable

import pyarrow as pa
import tensorflow as tf
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

_COMPRESSION_LEVEL = 1


def write_examples(batches: Iterable[pa.RecordBatch], directory: str, shard: int, num_shards: int) -> int:
    """Writes one file of a split, whole or not at all; none if there are no rows.

    Args:
        batches: Rows; every column is a list of int64, float32 or binary, null where it is absent.
        directory: Folder of the split.
        shard: Number of this file.
        num_shards: Number of files of the split.

    Returns:
        The number of rows.
    """
    name = f"data_tfrecord-{shard:05d}-of-{num_shards:05d}.gz"
    unfinished = os.path.join(directory, f".{name}.unfinished")
    encoder = RecordBatchToExamplesEncoder()
    options = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=_COMPRESSION_LEVEL)
    tf.io.gfile.makedirs(directory)
    num_rows = 0
    with tf.io.TFRecordWriter(unfinished, options) as writer:
        for batch in batches:
            for record in encoder.encode(batch):
                writer.write(_canonical(record))
            num_rows += batch.num_rows
    if num_rows:
        tf.io.gfile.rename(unfinished, os.path.join(directory, name), overwrite=True)
    else:
        tf.io.gfile.remove(unfinished)
    return num_rows


def _canonical(record: bytes) -> bytes:
    """Puts the features of a tf.Example in the order of their names; the encoder's order is random."""
    example = tf.train.Example.FromString(record)
    canonical: bytes = example.SerializeToString(deterministic=True)
    return canonical
