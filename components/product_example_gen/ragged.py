"""Ragged arrays without loops: rows of unlike length as flat values and offsets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]


def offsets_of(lengths: IntArray) -> IntArray:
    """Returns the offsets `[rows + 1]` of rows of the given lengths."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])


def concatenated_ranges(begins: IntArray, ends: IntArray) -> IntArray:
    """Returns all integers of the half-open ranges `[begins[i], ends[i])`, one range after the other."""
    lengths = ends - begins
    offsets = offsets_of(lengths)
    indices: IntArray = np.arange(offsets[-1]) + np.repeat(begins - offsets[:-1], lengths)
    return indices


def list_array(values: pa.Array, offsets: IntArray) -> pa.LargeListArray:
    """Returns rows `values[offsets[i]:offsets[i + 1]]`."""
    return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), values)


def optional_array(values: pa.Array) -> pa.LargeListArray:
    """Returns one row per value: a list of that value, or null where it is null."""
    missing = values.is_null()
    present = np.asarray(missing.to_numpy(zero_copy_only=False) == 0, np.int64)
    offsets = pa.array(offsets_of(present), pa.int64())
    return pa.LargeListArray.from_arrays(offsets, values.drop_null(), mask=missing)
