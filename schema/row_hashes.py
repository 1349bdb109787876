"""Hashes of rows, to find those that are there twice."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schema import names

_COLUMNS: Final = (
    names.USER_ID,
    names.PRODUCT_ID,
    names.OCCURRED_AT,
    names.EVENT_TYPE,
    names.BASKET_ID,
    names.QUANTITY,
    names.PRICE,
)
"""Events that are equal in these are one event that was loaded twice."""
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(29)


def row_hashes(events: pa.Table) -> np.ndarray:
    """Returns a 64-bit hash of each event `[events]`; equal events have equal ones."""
    total = np.zeros(events.num_rows, np.uint64)
    for name in _COLUMNS:
        total = (total ^ (total >> _SHIFT)) * _FACTOR + _hashes(events[name])
    return total


def _hashes(column: pa.ChunkedArray) -> np.ndarray:
    from pandas.util import hash_array

    if not pa.types.is_string(column.type):
        return np.asarray(hash_array(pc.fill_null(column.cast(pa.float64()), -0.5).to_numpy()))
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    texts = np.array([*encoded.dictionary.to_pylist(), ""], object)
    codes = encoded.indices.fill_null(len(texts) - 1).to_numpy(zero_copy_only=False)
    hashes: np.ndarray = np.asarray(hash_array(texts, categorize=False))[codes]
    return hashes
