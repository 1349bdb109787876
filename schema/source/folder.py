"""Tables that are files: `events.parquet`, `events.csv` or `.csv.gz`, or a folder `events/` of such parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from schema.errors import UserError
from schema.names import OCCURRED_AT
from schema.source import values
from schema.source.contract import UserRange
from schema.source.database import cut
from schema.source.dialect import is_id
from schema.source.folder_query import FolderQuery
from schema.source.relations import Relation

_CSV: Final = (".csv", ".csv.gz")
_SUFFIXES: Final = (".parquet", *_CSV)
_BATCH_ROWS: Final = 65_536
_CSV_BLOCK: Final = 8 << 20


class Folder:
    """The `Tables` of a folder. All columns of a CSV file are read as text, so that no id loses a zero.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.place = f"Folder {path}"
        self.dialect = "files"
        self._queries: dict[str, FolderQuery] = {}

    def names(self) -> list[str]:
        """Returns the names of the files without suffix, and of folders of files."""
        found = set()
        for entry in self._path.iterdir():
            if entry.is_dir():
                found |= {entry.name} if _parts(entry) else set()
            elif entry.name.endswith(_SUFFIXES):
                found.add(_stem(entry.name))
        return sorted(found)

    def columns(self, relation: Relation) -> list[str]:
        """Returns the columns of the first file, or of the query."""
        if relation.query is not None:
            return self._query(relation).columns()
        return list(_schema(self._files(relation)[0]).names)

    def untyped(self, relation: Relation) -> bool:
        """CSV has no types; nor has a query where one of the files is CSV."""
        if relation.query is not None:
            return any(file.name.endswith(_CSV) for files in self._tables().values() for file in files)
        return not self._files(relation)[0].name.endswith(".parquet")

    def read(self, relation: Relation, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Reads contract columns of all rows, files in the order of their names."""
        sources = dict(relation.columns)
        for batch in self._raw(relation, list(dict.fromkeys(sources[name] for name in columns))):
            arrays = [
                values.texts(batch.column(sources[name])) if is_id(name) else batch.column(sources[name])
                for name in columns
            ]
            yield pa.RecordBatch.from_arrays(arrays, names=list(columns))

    def read_range(self, relation: Relation, users: UserRange) -> Iterator[pa.RecordBatch]:
        """Reads all rows and keeps those of the users; ids are ordered by their bytes."""
        for batch in self.read(relation, [name for name, _ in relation.columns]):
            ids = batch.column("user_id")
            kept = pc.is_valid(ids)
            if users.low is not None:
                kept = pc.and_(kept, pc.greater_equal(ids, users.low))
            if users.high is not None:
                kept = pc.and_(kept, pc.less(ids, users.high))
            yield batch.filter(kept)

    def read_keys(
        self, relation: Relation, keys: Sequence[str], columns: Sequence[str]
    ) -> Iterator[pa.RecordBatch]:
        """Reads all rows and keeps those of the ids."""
        wanted = pa.array(list(keys), pa.string())
        key = {source: name for name, source in relation.columns}[relation.key]
        for batch in self.read(relation, columns):
            yield batch.filter(pc.is_in(batch.column(key), wanted))

    def read_newest(self, relation: Relation) -> Iterator[pa.RecordBatch]:
        """Reads all stamps."""
        return self.read(relation, [OCCURRED_AT])

    def ranges(self, relation: Relation, count: int) -> list[UserRange]:
        """Counts the events of each user and cuts where a range is full."""
        counted: Counter[str] = Counter()
        for batch in self.read(relation, ["user_id"]):
            for item in batch.column(0).value_counts().to_pylist():
                counted[item["values"]] += item["counts"]
        counted.pop(None, 0)  # type: ignore[call-overload]
        ordered = sorted(counted.items(), key=lambda pair: pair[0].encode())
        return cut(ordered, count, True, ())

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
        for file in self._files(relation):
            yield from _batches(file, columns)

    def _query(self, relation: Relation) -> FolderQuery:
        if relation.query is None:
            raise ValueError(f"Relation {relation.table} has no query.")
        if relation.table not in self._queries:
            key = f"source.tables.{relation.table}.query"
            self._queries[relation.table] = FolderQuery(relation.query, key, self._tables(), _csv_reader)
        return self._queries[relation.table]

    def _tables(self) -> dict[str, list[Path]]:
        return {name: self._files(Relation(name, name)) for name in self.names()}

    def _files(self, relation: Relation) -> list[Path]:
        entry = self._path / relation.name
        if entry.is_dir():
            return _parts(entry)
        return [path for suffix in _SUFFIXES if (path := self._path / (relation.name + suffix)).is_file()][:1]


def _stem(name: str) -> str:
    suffix = next(suffix for suffix in sorted(_SUFFIXES, key=len, reverse=True) if name.endswith(suffix))
    return name.removesuffix(suffix)


def _parts(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.endswith(_SUFFIXES))


def _schema(file: Path) -> pa.Schema:
    try:
        if file.name.endswith(".parquet"):
            return pq.read_schema(file)
        with _open_csv(file, None) as reader:
            return reader.schema
    except (pa.ArrowInvalid, OSError) as error:
        raise _unreadable(file, error) from error


def _batches(file: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    try:
        if file.name.endswith(".parquet"):
            yield from pq.ParquetFile(file).iter_batches(_BATCH_ROWS, columns=list(columns))
        else:
            header = _schema(file).names
            with _open_csv(file, header) as reader:
                for batch in reader:
                    yield batch.select(list(columns))
    except (pa.ArrowInvalid, OSError) as error:
        raise _unreadable(file, error) from error


def _csv_reader(files: Sequence[Path]) -> pa.RecordBatchReader:
    """All rows of CSV files with the columns of the first."""
    schema = pa.schema([pa.field(name, pa.string()) for name in _schema(files[0]).names])
    return pa.RecordBatchReader.from_batches(
        schema, (batch for file in files for batch in _batches(file, schema.names))
    )


def _open_csv(file: Path, columns: Sequence[str] | None) -> Any:
    convert = pacsv.ConvertOptions(
        column_types={name: pa.string() for name in columns or ()}, null_values=[""], strings_can_be_null=True
    )
    parse = pacsv.ParseOptions(newlines_in_values=True)
    return pacsv.open_csv(file, pacsv.ReadOptions(block_size=_CSV_BLOCK), parse, convert)


def _unreadable(file: Path, error: Exception) -> UserError:
    reason = str(error).splitlines()[0]
    remedy = "Remedy: write it as UTF-8 CSV with a header, or as Parquet."
    return UserError(f"File {file} cannot be read: {reason}. {remedy}")
