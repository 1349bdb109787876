"""What one worker does: a range of users becomes one file of each query split and one of events."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import tensorflow as tf
from absl import logging
from tfx.dsl.io import fileio
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

from components.interactions.files import GUEST_SCHEMA, GUESTS, SCHEMA
from components.product_example_gen.baskets import basket_queries
from components.product_example_gen.columns import feature_arrays
from components.product_example_gen.event_log import EventLog
from components.product_example_gen.job import Job
from components.product_example_gen.queries import Queries, concatenate, window_queries
from components.product_example_gen.ragged import optional_array
from components.product_example_gen.rows import query_batches
from schema import names
from schema.features import FeatureSet, types_of
from schema.source import PRODUCTS, USERS, ProductSource, UserRange
from schema.source.guests import POPULARITY, of_mail_guests
from schema.windows import SplitSettings, TimeWindows


@dataclass(frozen=True)
class ShardSummary:
    """What one range of users gave.

    Attributes:
        num_events: Number of its events.
        num_rows: Split -> number of rows written.
        products: Distinct ids of the products of its events.
    """

    num_events: int = 0
    num_rows: Mapping[str, int] = field(default_factory=dict)
    products: Sequence[str] = ()


@dataclass(frozen=True)
class CatalogSummary:
    """What the table of products gave.

    Attributes:
        num_rows: Number of rows written.
        orphans: Ids that events name and the table lacks; none if the table has no rows at all.
    """

    num_rows: int
    orphans: Sequence[str]


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
        num_rows[split] = write_examples(batches, job.split_directories[split], shard, num_shards)
    logging.info("Range %d of %d: %d events gave rows %s.", shard + 1, num_shards, len(log), num_rows)
    products = pc.unique(log.table[names.PRODUCT_ID]).to_pylist()
    return ShardSummary(len(log), num_rows, products)


def write_catalog(job: Job, in_events: Sequence[str]) -> CatalogSummary:
    """Writes the catalog split.

    Args:
        job: What to do.
        in_events: Ids of the products that events name.
    """
    with job.open_source() as source:
        products = source.read_table(PRODUCTS, types_of(job.settings.features.products))
    batches = catalog_batches(products, in_events, job.settings.features)
    num_rows = write_examples(batches, job.split_directories[names.CATALOG], 0, 1)
    without_row = products_without_row(products, in_events)
    logging.info("The catalog has %d products, %d of them in no row of products.", num_rows, len(without_row))
    return CatalogSummary(num_rows, without_row if products.num_rows else [])


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


_ROWS_PER_BATCH = 16_384


def catalog_batches(
    products: pa.Table, in_events: Iterable[str], features: FeatureSet
) -> Iterator[pa.RecordBatch]:
    """Yields the catalog by product id, in byte order, in batches of bounded size.

    Args:
        products: The table of products.
        in_events: Ids of the products that events name.
        features: Feature columns; `available` and `created_at` are kept beside them if there.
    """
    orphans = pa.table({names.PRODUCT_ID: pa.array(products_without_row(products, in_events), pa.string())})
    rows = pa.concat_tables([products, orphans], promote_options="default")
    rows = rows.take(pc.sort_indices(rows[names.PRODUCT_ID].cast(pa.binary())))
    columns = {names.PRODUCT_ID: optional_array(_whole(rows, names.PRODUCT_ID).cast(pa.binary()))}
    for name in (names.AVAILABLE, names.CREATED_AT):
        if name in rows.column_names:
            columns[name] = optional_array(_whole(rows, name).cast(pa.int64()))
    columns.update(feature_arrays(rows, features.product_columns(), PRODUCTS))
    catalog = pa.RecordBatch.from_pydict(columns)
    for begin in range(0, catalog.num_rows, _ROWS_PER_BATCH):
        rows_of_batch = np.arange(begin, min(begin + _ROWS_PER_BATCH, catalog.num_rows))
        yield catalog.take(pa.array(rows_of_batch))


def products_without_row(products: pa.Table, in_events: Iterable[str]) -> list[str]:
    """Returns those of the ids in events that the table of products lacks."""
    known = set(products[names.PRODUCT_ID].to_pylist())
    return [product for product in in_events if product not in known]


def _whole(rows: pa.Table, name: str) -> pa.Array:
    return pa.concat_arrays(rows[name].chunks) if rows[name].num_chunks else pa.array([], rows[name].type)
