"""What one worker does: a range of users becomes one file of each query split and one of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
from absl import logging

from components.product_example_gen.baskets import basket_queries
from components.product_example_gen.catalog import catalog_batches, products_without_row
from components.product_example_gen.columns import feature_arrays
from components.product_example_gen.event_log import EventLog
from components.product_example_gen.interactions import write_interactions
from components.product_example_gen.job import Job
from components.product_example_gen.queries import Queries, concatenate, window_queries
from components.product_example_gen.records import write_examples
from components.product_example_gen.rows import query_batches
from schema import names
from schema.features import FeatureSet, types_of
from schema.source import PRODUCTS, USERS, ProductSource, UserRange
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
        events = source.read_events(users)
        log = EventLog.from_table(events, settings.event_weights)
        features = user_features(source, log.users, settings.features)
    write_interactions(log, job.interactions, shard)
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
