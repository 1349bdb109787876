"""The tables of a version on disk: one array a file, and a description of what they are."""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from schema.files import whole_file, write_json

FORMAT: Final = 3
"""Of the tables that are written."""
_READ: Final = (1, 2, FORMAT)
"""Formats that a kernel reads: the first has nothing for users without history, whom the session answers, and
of neither of the first two `finish` makes the lists."""
_FILE: Final = "kernel.json"
_DTYPES: Final = frozenset({"float32", "int32", "int64", "bool"})

Array = npt.NDArray[Any]


class KernelError(Exception):
    """The kernel cannot answer for a version; the message says why, and the session answers."""


@dataclass(frozen=True)
class Description:
    """What the tables of a version are.

    Attributes:
        format: `FORMAT`.
        uncovered: Why the version has no tables; empty if it has.
        settings: Numbers of the computation, by the names of `kernel.library.Settings`.
        features: Order of the features: `candidate_features` and `classics`, by name.
        columns: Columns of the user that the tower reads, in the order of `tower.column<number>`.
        tables: Name -> dtype, shape and checksum.
        segments: Input and value that tell the users of each row of the table `cold.products` but the last,
            which is everybody's; of no table where the ranker orders for users without history. None where
            such users are not covered.
        finish: Whether the kernel ranks alone, and the signature `finish` makes the lists.
    """

    format: int
    uncovered: str
    settings: Mapping[str, Any]
    features: Mapping[str, tuple[str, ...]]
    columns: tuple[str, ...]
    tables: Mapping[str, Mapping[str, Any]]
    segments: tuple[tuple[str, str], ...] | None = None
    finish: bool = False


def write_tables(folder: Path, description: Description, arrays: Mapping[str, Array]) -> None:
    """Writes a version's tables into a new folder, the description last.

    Args:
        folder: `schema.names.KERNEL` of the version.
        description: Its `tables` are filled in here.
        arrays: Name -> array.

    Raises:
        ValueError: An array has a type that the kernel does not read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for name, values in arrays.items():
        if values.dtype.name not in _DTYPES:
            raise ValueError(
                f"The kernel reads {sorted(_DTYPES)}. Received: {name}={values.dtype}. Remedy: convert it."
            )
        plain = np.ascontiguousarray(values)
        with whole_file(folder / f"{name}.npy") as temporary, temporary.open("wb") as file:
            np.save(file, plain, allow_pickle=False)
        written[name] = {
            "dtype": plain.dtype.name,
            "shape": list(plain.shape),
            "crc32": _checksum(plain),
        }
    write_json(folder / _FILE, asdict(replace(description, tables=written)))


def withdraw(folder: Path, reason: str) -> None:
    """Takes the tables of a version away and leaves why; the session answers then."""
    shutil.rmtree(folder)
    write_tables(folder, Description(FORMAT, reason, {}, {}, (), {}), {})


def read_tables(folder: Path) -> tuple[Description, dict[str, Array]]:
    """Reads what `write_tables` wrote; the arrays are mapped, not copied.

    Raises:
        KernelError: There are none, or they are damaged or of another format.
    """
    description = _description(folder / _FILE)
    if description.uncovered:
        raise KernelError(description.uncovered)
    return description, {name: _array(folder, name, entry) for name, entry in description.tables.items()}


def _description(path: Path) -> Description:
    if not path.is_file():
        raise KernelError("the version was pushed without tables of the kernel")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        features = {name: tuple(order) for name, order in content["features"].items()}
        described = {**content, "features": features, "columns": tuple(content["columns"])}
        if content.get("segments") is not None:
            described["segments"] = tuple((str(column), str(value)) for column, value in content["segments"])
        found = Description(**described)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KernelError(f"{path.name} is damaged ({type(error).__name__})") from error
    if found.format not in _READ:
        raise KernelError(f"the tables have format {found.format!r}, and this kernel reads {_READ}")
    return found


def _array(folder: Path, name: str, entry: Mapping[str, Any]) -> Array:
    path = folder / f"{name}.npy"
    if path.parent != folder or not path.is_file():
        raise KernelError(f"table `{name}` is missing")
    try:
        values: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError, SyntaxError) as error:
        raise KernelError(f"table `{name}` is damaged ({type(error).__name__})") from error
    same = values.dtype.name == entry.get("dtype") and list(values.shape) == entry.get("shape")
    if not same or not values.flags.c_contiguous or _checksum(values) != entry.get("crc32"):
        raise KernelError(f"table `{name}` is not the one that was written")
    return values


def _checksum(values: Array) -> int:
    return zlib.crc32(values.reshape(-1).view(np.uint8).data) if values.size else 0
