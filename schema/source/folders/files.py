"""Which files of a folder are the parts of a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from schema.errors import UserError

_PARQUET: Final = (".parquet", ".parq", ".pq")
_CSV: Final = (".csv", ".tsv")
_COMPRESSED: Final = (".gz", ".bz2", ".zst", ".lz4")
_NO_PARTITION: Final = "__HIVE_DEFAULT_PARTITION__"
_FORMATS: Final = {"_delta_log": "Delta Lake", ".hoodie": "Hudi", "metadata": "Iceberg"}


@dataclass(frozen=True)
class Part:
    """One file of a table.

    Attributes:
        path: The file.
        partition: Columns that the folders above it name (`month=2024-05`), with their values.
    """

    path: Path
    partition: tuple[tuple[str, str | None], ...] = ()

    @property
    def is_parquet(self) -> bool:
        """Whether it is Parquet; otherwise it is CSV."""
        return self.path.name.lower().endswith(_PARQUET)


def stem(name: str) -> str | None:
    """Returns the name of the table that a file holds, None if it is of no known format."""
    lowered = name.lower()
    compressed = next((suffix for suffix in _COMPRESSED if lowered.endswith(suffix)), "")
    lowered = lowered.removesuffix(compressed)
    known = _CSV if compressed else (*_CSV, *_PARQUET)
    found = next((suffix for suffix in known if lowered.endswith(suffix)), None)
    return None if found is None else name[: len(lowered) - len(found)]


def table_names(folder: Path) -> list[str]:
    """Returns the names of the files without suffix, and of the folders of files."""
    found = set()
    for entry in folder.iterdir():
        if _is_hidden(entry.name):
            continue
        if entry.is_dir():
            found |= {entry.name} if parts_below(entry)[0] or _format(entry) else set()
        elif (name := stem(entry.name)) is not None:
            found.add(name)
    return sorted(found)


def parts_of(folder: Path, table: str) -> list[Part]:
    """Returns the files of a table, in the order of their names.

    Args:
        folder: Where the tables are.
        table: Name of a table, or of one file with its suffix.

    Raises:
        UserError: The table is there more than once, or in a format that is not read.
    """
    entry = folder / table
    if entry.is_file():
        return [Part(entry)]
    sources = [path for path in sorted(folder.iterdir()) if path.is_file() and stem(path.name) == table]
    if entry.is_dir():
        if _format(entry):
            raise UserError(
                f"Folder {entry} is a table of {_format(entry)}, which is not read. Remedy: write its "
                "current rows as plain Parquet files."
            )
        sources += [entry] if parts_below(entry)[0] else []
    if len(sources) > 1:
        names_found = " and ".join(f"`{path.name}{'/' if path.is_dir() else ''}`" for path in sources)
        raise UserError(
            f"Folder {folder} has table `{table}` more than once. Received: {names_found}. "
            f"Remedy: move all but one away, or name one with `source.tables.{table}.table`, such as "
            f"`{sources[0].name}`."
        )
    if not sources:
        return []
    if sources[0].is_file():
        return [Part(sources[0])]
    found = parts_below(entry)[0]
    if len({part.is_parquet for part in found}) > 1:
        first = {part.is_parquet: part.path.name for part in reversed(found)}
        raise UserError(
            f"Folder {entry} mixes CSV and Parquet. Received: {first[False]} and {first[True]}. Remedy: "
            "write all parts of a table in one format."
        )
    return found


def parts_below(folder: Path) -> tuple[list[Part], list[Path]]:
    """Returns the parts in a folder and in those below it, and the files that are none."""
    parts, others = [], []
    for path in sorted(folder.rglob("*")):
        above = path.relative_to(folder).parts
        if path.is_dir() or any(map(_is_hidden, above)):
            continue
        if stem(path.name) is None:
            others.append(path)
        else:
            parts.append(Part(path, tuple(_partition(name) for name in above[:-1] if "=" in name)))
    return parts, others


def files_left_out(folder: Path, tables: list[str]) -> list[Path]:
    """Returns the files that look like data of the tables and are not read."""
    found = [
        path
        for path in sorted(folder.iterdir())
        if path.is_file() and stem(path.name) is None and path.name.split(".")[0] in tables
    ]
    for table in tables:
        if (folder / table).is_dir():
            found += parts_below(folder / table)[1]
    return found


def _is_hidden(name: str) -> bool:
    return name.startswith(("_", ".")) and "=" not in name


def _format(folder: Path) -> str | None:
    for name, title in _FORMATS.items():
        if (folder / name).is_dir() and (name != "metadata" or any((folder / name).glob("*.metadata.json"))):
            return title
    return None


def _partition(name: str) -> tuple[str, str | None]:
    column, value = name.split("=", 1)
    return unquote(column), None if value == _NO_PARTITION else unquote(value)
