"""How often each id occurs, in a temporary file: the memory it takes does not grow with the ids."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_CACHE_KIB: Final = 32_768


def temporary_database() -> sqlite3.Connection:
    """A database in a file without a name, which is gone with the process, however that ends.

    It lies in the folder of `SQLITE_TMPDIR`, `TMPDIR`, `/var/tmp` or `/tmp`, the first that can be written.
    SQLite keeps up to 32 MB of it in memory, and sorts what is larger in further such files.
    """
    connection = sqlite3.connect("")
    for pragma in (f"cache_size = -{_CACHE_KIB}", "journal_mode = OFF", "synchronous = OFF"):
        connection.execute(f"PRAGMA {pragma}").close()
    return connection


class DiskCounts:
    """Counts ids, all texts or all bytes.

    What is added is written at the end of a file, and added up by sorting it when something is asked.
    """

    def __init__(self) -> None:
        self._database = temporary_database()
        self._database.execute("CREATE TABLE counted (id, number INTEGER)")

    def add(self, ids: pa.Array | pa.ChunkedArray) -> None:
        """Counts ids, `[rows]`; one that occurs several times counts so often."""
        found = pc.value_counts(ids)
        counted = zip(found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True)
        self._database.executemany("INSERT INTO counted VALUES (?, ?)", counted)

    def __len__(self) -> int:
        """Number of different ids."""
        return int(next(self._rows("SELECT count(*) FROM (SELECT 1 FROM counted GROUP BY id)"))[0])

    def most_frequent(self) -> tuple[str, int]:
        """The id that occurs most often, and how often; of several the first by bytes; `("", 0)` of none."""
        most = "SELECT id, sum(number) AS total FROM counted GROUP BY id ORDER BY total DESC, id LIMIT 1"
        found: tuple[str, int] = next(self._rows(most), ("", 0))
        return found

    def _rows(self, sql: str) -> Iterator[tuple]:
        return iter(self._database.execute(sql))
