"""A hash of the content of tables, whatever batches they are read in."""

from __future__ import annotations

import hashlib
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


class Fingerprint:
    """Hashes tables: equal rows in the same order give equal hashes, one changed value a different one."""

    def __init__(self) -> None:
        """Starts with nothing."""
        self._columns: dict[tuple[str, str], tuple[Any, Any, Any]] = {}

    def update(self, name: str, table: pa.Table) -> None:
        """Adds rows of the table called `name`."""
        for column in table.column_names:
            hashes = self._columns.setdefault((name, column), (_new(), _new(), _new()))
            for chunk in table[column].chunks:
                _update(hashes, chunk)

    def hexdigest(self, extra: str) -> str:
        """Returns the hash of everything added and of `extra`."""
        total = _new()
        total.update(extra.encode())
        for (name, column), hashes in sorted(self._columns.items(), key=lambda item: item[0]):
            total.update(f"\n{name}\n{column}\n".encode())
            for part in hashes:
                total.update(part.digest())
        return str(total.hexdigest())


def _new() -> Any:
    return hashlib.blake2b(digest_size=16)


def _update(hashes: tuple[Any, Any, Any], values: pa.Array) -> None:
    """Hashes validity, lengths and data apart, so that the cuts between chunks leave no trace."""
    validity, lengths, data = hashes
    validity.update(values.is_valid().cast(pa.int8()).to_numpy(zero_copy_only=False).tobytes())
    if pa.types.is_list(values.type):
        lengths.update(pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False).tobytes())
        flattened = values.flatten()
        data.update(pc.fill_null(flattened, 0).to_numpy(zero_copy_only=False).tobytes())
    elif pa.types.is_string(values.type):
        filled = pc.fill_null(values, "")
        sizes = pc.binary_length(filled)
        lengths.update(sizes.to_numpy(zero_copy_only=False).tobytes())
        joined = pa.ListArray.from_arrays(pa.array([0, len(filled)], pa.int32()), filled)
        data.update(pc.binary_join(joined, "")[0].as_buffer())
    else:
        data.update(pc.fill_null(values, 0).to_numpy(zero_copy_only=False).tobytes())
