"""The product table beside the SavedModel, in which a server looks up filters and preferences."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from schema import names
from schema.files import whole_file


def write_products(path: Path, columns: Mapping[str, np.ndarray]) -> None:
    """Writes `product_id` and the feature columns (`product__<column>`) as Parquet.

    Args:
        path: Of the file.
        columns: `catalogue_columns`: texts, None where missing, or numbers, NaN where missing.
    """
    arrays = {
        name if name == names.PRODUCT_ID else names.PRODUCT_PREFIX + name: pa.array(
            values, pa.string() if values.dtype == object else pa.float64()
        )
        for name, values in columns.items()
    }
    with whole_file(path) as temporary:
        pq.write_table(pa.table(arrays), temporary)
