"""What was noticed about the files of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from schema.findings import Finding
from schema.source.folders.files import Part
from schema.source.folders.part_reader import PartReader

_DELIMITERS: Final = {"\t": "tab"}
_MAX_NAMED: Final = 3


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
