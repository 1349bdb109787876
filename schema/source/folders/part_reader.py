"""Reads the files that are the parts of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from schema.errors import UserError
from schema.source.folders.csv_files import (
    CsvForm,
    check_closed,
    check_names,
    form_of,
    header_of,
    open_csv,
    what_is_wrong,
)
from schema.source.folders.files import Part
from schema.source_settings import CsvSettings

_BATCH_ROWS: Final = 65_536
_LONGEST_REASON: Final = 300


class PartReader:
    """Reads parts; all columns of CSV files are text.

    Args:
        csv: How CSV files are written.
    """

    def __init__(self, csv: CsvSettings) -> None:
        self._csv = csv
        self._form_of = lru_cache(maxsize=None)(self._find_form)
        self._schema_of = lru_cache(maxsize=None)(lambda part: pq.read_schema(part.path))
        self._columns_of = lru_cache(maxsize=None)(self._read_columns)

    def columns(self, part: Part) -> list[str]:
        """Returns the columns of a file and of the folders above it."""
        return list(dict.fromkeys([*self._columns_of(part), *(name for name, _ in part.partition)]))

    def all_columns(self, parts: Sequence[Part]) -> list[str]:
        """Returns the columns of all files, those of the first one first."""
        return list(dict.fromkeys(name for part in parts for name in self.columns(part)))

    def delimiter(self, part: Part) -> str:
        """Returns what separates the columns of a CSV file."""
        return self._form_of(part).delimiter

    def batches(self, part: Part, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Reads columns of a file; those of its folders are text, those of other files null."""
        partition = dict(part.partition)
        own = [name for name in columns if name in self._columns_of(part)]
        for batch in self._own_batches(part, own):
            arrays = [
                batch.column(name) if name in own else _repeated(partition.get(name), batch.num_rows)
                for name in columns
            ]
            yield pa.RecordBatch.from_arrays(arrays, names=list(columns))

    def all_rows(self, parts: Sequence[Part]) -> pa.RecordBatchReader:
        """Reads all columns of all parts as text."""
        schema = pa.schema([pa.field(name, pa.string()) for name in self.all_columns(parts)])
        batches = (
            pa.RecordBatch.from_arrays([column.cast(pa.string()) for column in batch.columns], schema=schema)
            for part in parts
            for batch in self.batches(part, schema.names)
        )
        return pa.RecordBatchReader.from_batches(schema, batches)

    def _find_form(self, part: Part) -> CsvForm:
        try:
            return form_of(part.path, self._csv)
        except OSError as error:
            raise UserError(f"File {part.path} cannot be read: {_reason(error)}.") from error

    def schema(self, part: Part) -> pa.Schema:
        """Returns the names and types of the columns of a Parquet file."""
        return self._schema_of(part)

    def _read_columns(self, part: Part) -> tuple[str, ...]:
        try:
            if part.is_parquet:
                return check_names(part.path, self._schema_of(part).names)
            return check_names(part.path, header_of(part.path, self._form_of(part)))
        except (pa.ArrowException, OSError, UnicodeError) as error:
            raise self._unreadable(part, error) from error

    def _own_batches(self, part: Part, own: Sequence[str]) -> Iterator[pa.RecordBatch]:
        try:
            if part.is_parquet:
                yield from pq.ParquetFile(part.path).iter_batches(_BATCH_ROWS, columns=list(own))
                return
            last = None
            with open_csv(part.path, self._form_of(part), list(self._columns_of(part))) as reader:
                for last in reader:
                    yield last.select(list(own)) if own else last
            if last is not None:
                check_closed(part.path, self._form_of(part), last)
        except (pa.ArrowException, OSError, UnicodeError) as error:
            raise self._unreadable(part, error) from error

    def _unreadable(self, part: Part, error: Exception) -> UserError:
        if part.is_parquet:
            remedy = "Remedy: write it as Parquet or as UTF-8 CSV with a header"
            return UserError(f"File {part.path} cannot be read: {_reason(error)}. {remedy}.")
        problem = what_is_wrong(part.path, self._form_of(part))
        remedy = "Remedy: write it as UTF-8 CSV with a header, or as Parquet"
        return UserError(f"File {part.path} cannot be read: {problem or f'{_reason(error)}. {remedy}'}.")


def _repeated(value: str | None, count: int) -> pa.Array:
    return pa.nulls(count) if value is None else pa.repeat(pa.scalar(value, pa.string()), count)


def _reason(error: Exception) -> str:
    """The first line of an error, without what a terminal could not show."""
    lines = str(error).splitlines() or [type(error).__name__]
    shown = "".join(letter if letter.isprintable() else "?" for letter in lines[0])
    return shown[:_LONGEST_REASON].rstrip(". ")
