"""What one worker does: a range of users becomes one file of each query split and one of events."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import tensorflow as tf
from absl import logging
from tfx.dsl.io import fileio
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

from components.interactions.files import GUEST_SCHEMA, GUESTS, SCHEMA
from components.product_example_gen.columns import feature_arrays
from components.product_example_gen.event_log import EventLog
from components.product_example_gen.queries import (
    Queries,
    basket_queries,
    concatenate,
    query_batches,
    window_queries,
)
from components.product_example_gen.settings import Job
from schema import names
from schema.features import FeatureSet, types_of
from schema.source import USERS, ProductSource, UserRange
from schema.source.guests import POPULARITY, of_mail_guests
from schema.windows import SplitSettings, TimeWindows


@dataclass(frozen=True)
class ShardSummary:
    """What one range of users gave.

    Attributes:
        num_events: Number of its events.
        num_rows: Split -> number of rows written.
    """

    num_events: int = 0
    num_rows: Mapping[str, int] = field(default_factory=dict)


def write_shard(job: Job, shard: int, num_shards: int, users: UserRange) -> ShardSummary:
    """Reads the events of a range of users and writes its part of every split but the catalog."""
    settings = job.settings
    with job.open_source() as source:
        log = EventLog.from_table(source.read_events(users), settings.event_weights)
        features = user_features(source, log.users, settings.features)
        guests = guest_sales(source, users, settings.event_weights)
    write_part(log.table.select(SCHEMA.names).cast(SCHEMA), job.interactions, f"part-{shard:05d}.parquet")
    if guests.num_rows:
        write_part(guests, job.interactions, f"{GUESTS}-{shard:05d}.parquet")
    num_rows = {}
    for split, queries in split_queries(log, settings.windows, settings.split).items():
        batches = query_batches(log, queries, features)
        records = encoded(batches)
        num_rows[split] = write_records(records, job.split_directories[split], shard, num_shards)
    logging.info("Range %d of %d: %d events gave rows %s.", shard + 1, num_shards, len(log), num_rows)
    return ShardSummary(len(log), num_rows)


def split_queries(log: EventLog, windows: TimeWindows, split: SplitSettings) -> dict[str, Queries]:
    """Returns the queries of each query split."""
    short, long = split.retrieval_history_length, split.history_length
    end = windows.eval_start
    training = [
        *(
            window_queries(log, cutoff, cutoff + windows.window, short)
            for cutoff in windows.retrieval_cutoffs
        ),
        *(
            window_queries(log, cutoff, min(cutoff + windows.window, end), long)
            for cutoff in windows.ranking_cutoffs
        ),
        basket_queries(log, end, split.baskets_per_user, short),
    ]
    return {
        names.TRAIN: concatenate(training).sorted(),
        names.EVAL: window_queries(log, windows.eval_start, windows.test_start, long),
        names.TEST: window_queries(log, windows.test_start, windows.now, long),
    }


def user_features(
    source: ProductSource, users: pa.Array, features: FeatureSet
) -> dict[str, pa.LargeListArray]:
    """Returns the features of `users`, aligned with them; null for users without a row."""
    columns = features.user_columns()
    if not columns or not source.columns(USERS):
        return {}
    rows = source.user_rows(users.to_pylist(), types_of(features.users))
    index = pc.index_in(users, rows[names.USER_ID].combine_chunks())
    arrays = feature_arrays(rows, columns, USERS)
    return {name: values.take(index) for name, values in arrays.items()}


def guest_sales(source: ProductSource, users: UserRange, weights: Mapping[str, float]) -> pa.Table:
    """What guests who count for popularity only bought in a range: product and time, and nobody's id."""
    if source.reading.mail_guests != POPULARITY:
        return GUEST_SCHEMA.empty_table()
    log = EventLog.from_table(source.settled_events(users, of_mail_guests).events, weights)
    return log.table.filter(pa.array(log.weight > 0)).select(GUEST_SCHEMA.names).cast(GUEST_SCHEMA)


def write_part(table: pa.Table, uri: str, name: str) -> None:
    """Writes a part of the interactions, whole or not at all."""
    unfinished = os.path.join(uri, f".{name}.unfinished")
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer)
    with fileio.open(unfinished, "wb") as file:
        file.write(buffer.getvalue().to_pybytes())
    fileio.rename(unfinished, os.path.join(uri, name), overwrite=True)


_COMPRESSION_LEVEL = 1


def encoded(batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """Yields a `tf.Example` a row; columns are lists of int64, float32 or binary, null where absent."""
    encoder = RecordBatchToExamplesEncoder()
    for batch in batches:
        yield from map(_canonical, encoder.encode(batch))


def write_records(records: Iterable[bytes], directory: str, shard: int, num_shards: int) -> int:
    """Writes one file of a split, whole or not at all; none if there are no rows.

    Args:
        records: A `tf.Example` for each row.
        directory: Folder of the split.
        shard: Number of this file.
        num_shards: Number of files of the split.

    Returns:
        The number of rows.
    """
    name = f"data_tfrecord-{shard:05d}-of-{num_shards:05d}.gz"
    unfinished = os.path.join(directory, f".{name}.unfinished")
    options = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=_COMPRESSION_LEVEL)
    tf.io.gfile.makedirs(directory)
    num_rows = 0
    with tf.io.TFRecordWriter(unfinished, options) as writer:
        for record in records:
            writer.write(record)
            num_rows += 1
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
