"""Rows of the catalog split: one per product, of the table or named only by events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.product_example_gen.columns import feature_arrays
from components.product_example_gen.ragged import optional_array
from schema import names
from schema.features import FeatureSet
from schema.source import PRODUCTS

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
