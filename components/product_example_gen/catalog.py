"""The catalog split: the table of products in the order of ids, and what events name beside it.

Both can be larger than memory. They go through a temporary file of SQLite, which sorts and compares them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from absl import logging

from components.interactions.disk_counts import temporary_database
from components.interactions.files import part_files
from components.product_example_gen.columns import feature_arrays
from components.product_example_gen.ragged import optional_array
from components.product_example_gen.settings import Job
from components.product_example_gen.shards import encoded, write_records
from schema import names
from schema.features import FeatureSet, types_of
from schema.source import PRODUCTS, ProductSource

_ROWS_AT_ONCE: Final = 16_384


@dataclass(frozen=True)
class CatalogSummary:
    """What the table of products gave.

    Attributes:
        num_rows: Number of rows written.
        orphans: Ids that events name and the table lacks; none if the table has no rows at all.
    """

    num_rows: int
    orphans: Sequence[str]


def write_catalog(job: Job) -> CatalogSummary:
    """Writes the catalog split, of the table of products and the parts of the events that are written."""
    features = job.settings.features
    with closing(temporary_database()) as database:
        database.execute("CREATE TABLE product (id BLOB, record BLOB)")
        database.execute("CREATE TABLE sold (id BLOB)")
        schema = pa.schema([])
        with job.open_source() as source:
            for rows in _product_rows(source, features):
                _store(database, rows, features)
                schema = rows.schema
        num_products = next(database.execute("SELECT count(*) FROM product"))[0]
        _store_sold(database, job.interactions)
        orphans = _sold_without_row(database)
        for begin in range(0, len(orphans), _ROWS_AT_ONCE):
            _store(database, _rows_of(orphans[begin : begin + _ROWS_AT_ONCE], schema), features)
        num_rows = write_records(_sorted_records(database), job.split_directories[names.CATALOG], 0, 1)
    logging.info("The catalog has %d products, %d of them in no row of products.", num_rows, len(orphans))
    return CatalogSummary(num_rows, orphans if num_products else [])


def _product_rows(source: ProductSource, features: FeatureSet) -> Iterable[pa.Table]:
    """Batches of rows, at least one; all in one where only all values of a column tell its type."""
    types = types_of(features.products)
    untyped = sorted({column.name for column in features.product_columns().values()} - set(types))
    if not untyped:
        return source.product_batches(types)
    logging.warning(
        "The whole table of products is held in memory: the frozen schema has no types of %s. "
        "`towerline schema freeze --force` writes them.",
        ", ".join(untyped),
    )
    return [source.read_table(PRODUCTS, types)]


def catalog_batch(rows: pa.Table, features: FeatureSet) -> pa.RecordBatch:
    """Returns rows of the table of products as rows of the catalog.

    Args:
        rows: In the contract's names and types.
        features: Feature columns; `available` and `created_at` are kept beside them if there.

    Raises:
        UserError: A column is gone, or its values are not of the kind it is used as.
    """
    columns = {names.PRODUCT_ID: optional_array(_whole(rows, names.PRODUCT_ID).cast(pa.binary()))}
    for name in (names.AVAILABLE, names.CREATED_AT):
        if name in rows.column_names:
            columns[name] = optional_array(_whole(rows, name).cast(pa.int64()))
    columns.update(feature_arrays(rows, features.product_columns(), PRODUCTS))
    return pa.RecordBatch.from_pydict(columns)


def _store(database: sqlite3.Connection, rows: pa.Table, features: FeatureSet) -> None:
    """Keeps the records of products, which are much smaller than their columns as Python values."""
    ids = rows[names.PRODUCT_ID].cast(pa.binary()).to_pylist()
    records = encoded(_pieces(catalog_batch(rows, features)))
    database.executemany("INSERT INTO product VALUES (?, ?)", zip(ids, records, strict=True))


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for begin in range(0, batch.num_rows, _ROWS_AT_ONCE):
        yield batch.take(pa.array(range(begin, min(begin + _ROWS_AT_ONCE, batch.num_rows))))


def _store_sold(database: sqlite3.Connection, interactions: str) -> None:
    """Keeps the products of the events, those of a part once."""
    for part in part_files(interactions):
        sold = pc.unique(pq.read_table(part, columns=[names.PRODUCT_ID])[names.PRODUCT_ID])
        ids = sold.cast(pa.binary()).to_pylist()
        database.executemany("INSERT INTO sold VALUES (?)", ((product,) for product in ids))


def _sold_without_row(database: sqlite3.Connection) -> list[str]:
    found = database.execute("SELECT id FROM sold EXCEPT SELECT id FROM product ORDER BY id")
    return [product.decode() for (product,) in found]


def _rows_of(orphans: Sequence[str], schema: pa.Schema) -> pa.Table:
    """Rows of which nothing but the id is known."""
    columns = {field.name: pa.nulls(len(orphans), field.type) for field in schema}
    return pa.table(columns | {names.PRODUCT_ID: pa.array(orphans, pa.string())})


def _sorted_records(database: sqlite3.Connection) -> Iterator[bytes]:
    """The records in the byte order of the ids; rows of one id in the order of the table."""
    for (record,) in database.execute("SELECT record FROM product ORDER BY id NULLS LAST, rowid"):
        yield record


def _whole(rows: pa.Table, name: str) -> pa.Array:
    return pa.concat_arrays(rows[name].chunks) if rows[name].num_chunks else pa.array([], rows[name].type)
