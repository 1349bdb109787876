"""CSV files: every column as text, so that no id loses a zero; the delimiter is found in the header."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pacsv

from schema.errors import UserError

_BLOCK: Final = 8 << 20
_HEADER: Final = 1 << 16
_DELIMITERS: Final = (",", ";", "\t", "|")
_NULLS: Final = ("", "\\N")
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


def delimiter_of(path: Path, configured: str) -> str:
    """Returns the configured delimiter, or the one that stands most often in the header.

    Raises:
        UserError: The file is no UTF-8 text.
    """
    if configured != "auto":
        return {"tab": "\t", "\\t": "\t"}.get(configured, configured)
    with pa.input_stream(str(path), compression="detect") as file:
        head = file.read(_HEADER)
    if head.startswith(_UTF_16):
        raise UserError(f"File {path} is UTF-16. Remedy: write it as UTF-8.")
    line = next(iter(head.decode("utf-8", "replace").splitlines()), "")
    outside = Counter("".join(line.split('"')[::2]))
    best = max(_DELIMITERS, key=lambda delimiter: outside[delimiter])
    return best if outside[best] else ","


def header_of(path: Path, delimiter: str) -> list[str]:
    """Returns the columns of a file.

    Raises:
        UserError: A column is there twice.
    """
    with open_csv(path, delimiter, None) as reader:
        names = list(reader.schema.names)
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise UserError(
            f"File {path} has column `{repeated[0]}` more than once. Remedy: give every column a name of its "
            "own."
        )
    return names


def open_csv(path: Path, delimiter: str, columns: list[str] | None) -> Any:
    """Opens a file for reading in batches; all of `columns` are text."""
    convert = pacsv.ConvertOptions(
        column_types={name: pa.string() for name in columns or ()},
        null_values=list(_NULLS),
        strings_can_be_null=True,
    )
    parse = pacsv.ParseOptions(newlines_in_values=True, delimiter=delimiter)
    return pacsv.open_csv(path, pacsv.ReadOptions(block_size=_BLOCK), parse, convert)
