"""Reads the files that are the parts of a table, and notes what is odd about them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from schema.errors import UserError
from schema.findings import Finding
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

_DELIMITERS: Final = {"\t": "tab"}
_MAX_NAMED: Final = 3


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


def columns_as_text(
    schemas: Callable[[Part], pa.Schema],
    parts: Sequence[Part],
    columns: Collection[str],
    ids: Collection[str],
) -> frozenset[str]:
    """Returns the ids that are of several types, and so are read as text.

    Args:
        schemas: Gives the schema of a file.
        parts: Files of a table.
        columns: Columns that are read.
        ids: Those of them whose values become text anyway.

    Raises:
        UserError: Another column is of types that do not fit together.
    """
    found = set()
    for name in columns:
        typed = [(part, kind) for part in parts if (kind := _type_in(part, name, schemas(part))) is not None]
        for part, kind in typed[1:]:
            if _fit(typed[0][1], kind):
                continue
            if name not in ids:
                raise UserError(
                    f"File {part.path} has column `{name}` as {kind}, and {typed[0][0].path.name} as "
                    f"{typed[0][1]}. Remedy: write the column with one type in all parts."
                )
            found.add(name)
    return frozenset(found)


def _type_in(part: Part, name: str, schema: pa.Schema) -> pa.DataType | None:
    if name in schema.names:
        return schema.field(name).type
    return pa.string() if dict(part.partition).get(name) is not None else None


def _fit(left: pa.DataType, right: pa.DataType) -> bool:
    if left == right:
        return True
    schemas = [pa.schema([pa.field("x", kind)]) for kind in (left, right)]
    try:
        pa.unify_schemas(schemas, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return False
    return True


def format_findings(reader: PartReader, parts: Sequence[Part], table: str) -> Iterator[Finding]:
    """Yields delimiters other than commas, and columns that some files lack."""
    whole = reader.all_columns(parts)
    for part in parts:
        delimiter = "," if part.is_parquet else reader.delimiter(part)
        if delimiter != ",":
            yield Finding(
                kind="delimiter",
                table=table,
                example=part.path.name,
                action=f"columns are separated by `{_DELIMITERS.get(delimiter, delimiter)}`",
                remedy="set `source.csv.delimiter` if that is wrong",
            )
        missing = [name for name in whole if name not in reader.columns(part)]
        if missing:
            yield Finding(
                kind="columns that a file lacks",
                table=table,
                column=", ".join(missing[:_MAX_NAMED]) + (", …" if len(missing) > _MAX_NAMED else ""),
                example=part.path.name,
                action="missing in its rows",
                remedy="write all parts with the same columns",
                severity="warning",
            )


def left_out_findings(paths: Sequence[Path], table: str) -> Iterator[Finding]:
    """Yields the files that are not read."""
    for path in paths:
        yield Finding(
            kind="files left out",
            table=table,
            example=path.name,
            action="not read: by its name neither CSV nor Parquet",
            remedy="convert it, or move it away from the data",
            severity="warning",
        )


def repeated_headers(part: Part, count: int, table: str) -> Finding:
    """Returns the finding for rows that are the header once more."""
    return Finding(
        kind="repeated headers",
        table=table,
        count=count,
        example=part.path.name,
        action="the rows are left out",
        remedy="write the header once",
        severity="warning",
        rows_left_out=count,
    )
