"""Tables that are files: `events.parquet`, `events.csv` or `.csv.gz`, or a folder `events/` of such parts."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from schema.errors import UserError
from schema.findings import Finding, Findings
from schema.names import OCCURRED_AT, USER_ID
from schema.source.contract import IDS, REQUIRED, Typing, UserRange
from schema.source.folders.files import Part, files_left_out, parts_of, table_names
from schema.source.folders.folder_query import FolderQuery
from schema.source.folders.part_reader import (
    PartReader,
    columns_as_text,
    format_findings,
    left_out_findings,
    repeated_headers,
)
from schema.source.id_ranges import id_ranges, in_range
from schema.source.ids import canonical_ids, id_texts
from schema.source.relations import Relation
from schema.source_settings import CsvSettings


class Folder:
    """The `Tables` of a folder. All columns of a CSV file are read as text, so that no id loses a zero.

    Args:
        path: The folder.
        csv: How CSV files are written; by default found in each.
    """

    def __init__(self, path: Path, csv: CsvSettings | None = None) -> None:
        self._path = path
        self._reader = PartReader(csv or CsvSettings())
        self._noted = Findings()
        self._mixed: dict[Relation, frozenset[str]] = {}
        self._queries: dict[str, FolderQuery] = {}
        self.label = f"Folder {path}"
        self.position = ""
        self.dialect = "files"

    def names(self) -> list[str]:
        """Returns the names of the files without suffix, and of folders of files."""
        return table_names(self._path)

    def columns(self, relation: Relation) -> list[str]:
        """Returns the columns of all files, those of the first one first, or those of the query."""
        if relation.query is not None:
            return self._query(relation).columns()
        parts = self._parts(relation)
        if not parts:
            raise UserError(
                f"{self.label} has no file of table `{relation.name}` that can be opened. Remedy: check that "
                "its link does not point to a file that is gone."
            )
        return self._reader.all_columns(parts)

    def typing(self, relation: Relation, column: str) -> Typing:
        """CSV has no types; nor has a query where one of the files is CSV."""
        del column
        if relation.query is not None:
            is_text = any(not part.is_parquet for parts in self._tables().values() for part in parts)
        else:
            is_text = not self._parts(relation)[0].is_parquet
        return "untyped" if is_text else "typed"

    def read(self, relation: Relation, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Reads contract columns of all rows, files in the order of their names."""
        sources = dict(relation.columns)
        for batch in self._raw(relation, list(dict.fromkeys(sources[name] for name in columns))):
            arrays = [batch.column(sources[name]) for name in columns]
            yield pa.RecordBatch.from_arrays(arrays, names=list(columns))

    def read_range(self, relation: Relation, users: UserRange) -> Iterator[pa.RecordBatch]:
        """Reads all rows and keeps those of the users; ids are ordered by their bytes."""
        for batch in self.read(relation, [name for name, _ in relation.columns]):
            yield batch.filter(in_range(batch.column(USER_ID), users))

    def read_keys(
        self, relation: Relation, keys: Sequence[str], columns: Sequence[str]
    ) -> Iterator[pa.RecordBatch]:
        """Reads all rows and keeps those of the ids."""
        key_values = canonical_ids(pa.array(list(keys), pa.string()))
        key = {source: name for name, source in relation.columns}[relation.key]
        for batch in self.read(relation, columns):
            yield batch.filter(pc.is_in(canonical_ids(batch.column(key)), key_values))

    def raw_rows(
        self, relation: Relation, keys: Sequence[str], columns: Sequence[str]
    ) -> list[tuple[Any, ...]] | None:
        """Files are read as tables in any case."""
        return None

    def read_newest(self, relation: Relation, latest: int) -> Iterator[pa.RecordBatch]:
        """Reads all stamps."""
        del latest
        return self.read(relation, [OCCURRED_AT])

    def mark(self, relation: Relation) -> Any:
        """Names, sizes and times of the files; of all files for a query."""
        tables = self._tables().values() if relation.query is not None else [self._parts(relation)]
        stats = [(part.path, part.path.stat()) for parts in tables for part in parts]
        return [(str(path), found.st_size, found.st_mtime_ns) for path, found in stats]

    def ranges(self, relation: Relation, count: int) -> list[UserRange]:
        """Counts the events of each user and cuts where a range is full."""
        return id_ranges((batch.column(0) for batch in self.read(relation, [USER_ID])), count)

    def findings(self, relation: Relation) -> tuple[Finding, ...]:
        """Returns what was noticed about the files of a table."""
        if relation.query is not None:
            return ()
        found = Findings()
        parts = self._parts(relation)
        found.extend(format_findings(self._reader, parts, relation.name))
        found.extend(left_out_findings(files_left_out(self._path, [relation.name]), relation.name))
        found.extend(finding for finding in self._noted.all() if finding.table == relation.name)
        return found.all()

    def close(self) -> None:
        """Closes what queries opened."""
        for query in self._queries.values():
            query.close()
        self._queries.clear()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Runs any query on the files and returns its rows."""
        return self._query(Relation("any", "any", sql)).fetch(sql)

    def _raw(self, relation: Relation, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        if relation.query is not None:
            yield from self._query(relation).read(columns)
            return
        parts = self._parts(relation)
        as_text = self._as_text(parts, relation)
        for part in parts:
            self._check_required(part, parts, relation)
            self.position = str(part.path)
            for batch in self._reader.batches(part, columns):
                yield self._without_headers(_texts(batch, as_text), part, relation)
        self.position = ""

    def _as_text(self, parts: Sequence[Part], relation: Relation) -> frozenset[str]:
        """Ids that are of one type in one part and of another in the next."""
        if not parts or not parts[0].is_parquet:
            return frozenset()
        if relation not in self._mixed:
            sources = dict(relation.columns)
            ids = [source for name, source in sources.items() if name in IDS]
            self._mixed[relation] = columns_as_text(self._reader.schema, parts, list(sources.values()), ids)
        return self._mixed[relation]

    def _query(self, relation: Relation) -> FolderQuery:
        if relation.query is None:
            raise ValueError(f"Relation {relation.table} has no query.")
        if relation.table not in self._queries:
            key = f"source.tables.{relation.table}.query"
            self._queries[relation.table] = FolderQuery(
                relation.query, key, self._tables(), self._reader.all_rows
            )
        return self._queries[relation.table]

    def _tables(self) -> dict[str, list[Part]]:
        return {name: self._parts(Relation(name, name)) for name in self.names()}

    def _parts(self, relation: Relation) -> list[Part]:
        return parts_of(self._path, relation.name)

    def _check_required(self, part: Part, parts: Sequence[Part], relation: Relation) -> None:
        sources = dict(relation.columns)
        present = self._reader.columns(part)
        for name in REQUIRED[relation.table]:
            if name in sources and sources[name] not in present:
                other = next(known for known in parts if sources[name] in self._reader.columns(known))
                shown = ", ".join(f"`{column}`" for column in present)
                raise UserError(
                    f"File {part.path} has no column `{sources[name]}`, which {other.path.name} has. "
                    f"Received: columns {shown}. Remedy: give every part a header with the same columns."
                )

    def _without_headers(self, batch: pa.RecordBatch, part: Part, relation: Relation) -> pa.RecordBatch:
        """Leaves out rows that are the header once more, as files have that were put together from others."""
        required = {dict(relation.columns).get(name) for name in REQUIRED[relation.table]}
        checked = [name for name in batch.schema.names if name in required]
        if part.is_parquet or not batch.num_rows or not checked:
            return batch
        flags = [pc.fill_null(pc.equal(batch.column(name), name), False) for name in checked]
        is_header = functools.reduce(pc.and_, flags)
        count = pc.sum(is_header).as_py() or 0
        if not count:
            return batch
        self._noted.add(repeated_headers(part, count, relation.name))
        return batch.filter(pc.invert(is_header))


def _texts(batch: pa.RecordBatch, names: Collection[str]) -> pa.RecordBatch:
    """Reads some columns as text."""
    arrays = [
        id_texts(column) if name in names else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)
