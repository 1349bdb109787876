"""CSV files: every column as text, so that no id loses a zero; the delimiter is found in the header."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pacsv

from schema.errors import UserError
from schema.source_settings import CsvSettings

_BLOCK: Final = 8 << 20
_HEADER: Final = 1 << 16
_DELIMITERS: Final = (",", ";", "\t", "|")
_NULLS: Final = ("", "\\N")
_UTF_8: Final = "utf-8"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_MANY_ZEROS: Final = 0.25
_LONGEST_SHOWN: Final = 80
_SEPARATOR: Final = re.compile(r'"?sep=(.)"?')
"""A first line that tells Excel the delimiter."""


@dataclass(frozen=True)
class CsvForm:
    """How a file is written.

    Attributes:
        delimiter: What separates columns.
        encoding: Of its text.
        num_skipped: Lines before the header.
    """

    delimiter: str = ","
    encoding: str = _UTF_8
    num_skipped: int = 0


def form_of(path: Path, settings: CsvSettings) -> CsvForm:
    """Returns how a file is written: as configured, with the delimiter that stands most often in the header.

    Raises:
        UserError: The file is UTF-16, and nobody said so.
    """
    with pa.input_stream(str(path), compression="detect") as file:
        head = file.read(_HEADER)
    if settings.encoding == _UTF_8 and _is_utf_16(head):
        raise UserError(
            f"File {path} is UTF-16. Remedy: set `source.csv.encoding: utf-16`, or write it as UTF-8."
        )
    lines = head.decode(settings.encoding, "replace").lstrip("\ufeff").splitlines()
    declared = _SEPARATOR.fullmatch(lines[0]) if lines else None
    num_skipped = 1 if declared else 0
    if settings.delimiter != "auto":
        chosen = {"tab": "\t", "\\t": "\t"}.get(settings.delimiter, settings.delimiter)
    elif declared:
        chosen = declared[1]
    else:
        outside = Counter("".join(lines[0].split('"')[::2]) if lines else "")
        best = max(_DELIMITERS, key=lambda delimiter: outside[delimiter])
        chosen = best if outside[best] else ","
    return CsvForm(chosen, settings.encoding, num_skipped)


def header_of(path: Path, form: CsvForm) -> list[str]:
    """Returns the columns of a file."""
    with open_csv(path, form, None) as reader:
        return list(reader.schema.names)


def check_names(path: Path, names: Sequence[str]) -> tuple[str, ...]:
    """Returns the columns of a file.

    Raises:
        UserError: One is there twice.
    """
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise UserError(
            f"File {path} has column `{repeated[0]}` more than once. Remedy: give every column a name of its "
            "own."
        )
    return tuple(names)


def open_csv(path: Path, form: CsvForm, columns: list[str] | None) -> Any:
    """Opens a file for reading in batches; all of `columns` are text."""
    convert = pacsv.ConvertOptions(
        column_types={name: pa.string() for name in columns or ()},
        null_values=list(_NULLS),
        strings_can_be_null=True,
    )
    parse = pacsv.ParseOptions(newlines_in_values=True, delimiter=form.delimiter)
    read = pacsv.ReadOptions(block_size=_BLOCK, encoding=form.encoding, skip_rows=form.num_skipped)
    return pacsv.open_csv(path, read, parse, convert)


def check_closed(path: Path, form: CsvForm, last: pa.RecordBatch) -> None:
    """Raises UserError if the last value has rows in it, since a quotation mark is not closed.

    Args:
        path: The file.
        form: How it is written.
        last: Its last rows, with all columns.
    """
    value = last.column(last.num_columns - 1)[last.num_rows - 1].as_py() if last.num_rows else None
    lines = (value or "").splitlines()
    swallowed = [line for line in lines[1:] if line.count(form.delimiter) == last.num_columns - 1]
    if not swallowed or not _has_open_quote(path):
        return
    raise UserError(
        f"File {path} has a quotation mark that is not closed, and {len(lines) - 1} lines behind it are read "
        f"as one value. Received: {_shown(lines[0])!r}, then {_shown(swallowed[0])!r}. Remedy: close it, or "
        "write it twice if it is part of a text."
    )


def what_is_wrong(path: Path, form: CsvForm) -> str | None:
    """Returns the first line that cannot be read, with the remedy; None if nothing is wrong with any."""
    try:
        with pa.input_stream(str(path), compression="detect") as file:
            text = io.TextIOWrapper(io.BufferedReader(file), form.encoding, newline="")
            rows = csv.reader(text, delimiter=form.delimiter)
            for _ in range(form.num_skipped):
                next(rows)
            return _first_of_another_width(rows)
    except UnicodeDecodeError as error:
        return _undecoded(path, form, error)
    except (csv.Error, OSError, ValueError, StopIteration):
        return None


def _first_of_another_width(rows: Any) -> str | None:
    width = len(next(rows))
    for row in rows:
        if row and len(row) != width:
            shown = _shown(",".join(row))
            return (
                f"line {rows.line_num} has {len(row)} columns and the header {width}. Received: {shown!r}. "
                "Remedy: correct the line, put texts with delimiters and line ends in quotation marks, or "
                "set `source.csv.delimiter`"
            )
    return None


def _undecoded(path: Path, form: CsvForm, error: UnicodeDecodeError) -> str:
    with pa.input_stream(str(path), compression="detect") as file:
        lines = io.BufferedReader(file)
        for number in itertools.count(1):
            line = lines.readline()
            try:
                line.decode(form.encoding)
            except UnicodeDecodeError as found:
                near = line[max(0, found.start - 20) : found.start + 20]
                return (
                    f"line {number} is no {form.encoding.upper()}. Received: {near!r}. Remedy: set "
                    "`source.csv.encoding`, such as windows-1252, or write the file as UTF-8"
                )
            if not line:
                break
    return f"it is no {form.encoding.upper()}: {error.reason}. Remedy: set `source.csv.encoding`"


def _has_open_quote(path: Path) -> bool:
    with pa.input_stream(str(path), compression="detect") as file:
        count = 0
        while piece := file.read(_BLOCK):
            count += piece.count(b'"')
    return count % 2 == 1


def _is_utf_16(head: bytes) -> bool:
    return head.startswith(_UTF_16) or (len(head) > 1 and head.count(b"\x00") > _MANY_ZEROS * len(head))


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
