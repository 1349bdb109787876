"""Rows of a file through a connection that stays open."""

from __future__ import annotations

import sqlite3

import pyarrow as pa
import pytest

from schema.source.databases.sqlite_rows import PreparedRows

QUERY = "SELECT a, b FROM t WHERE a IN (?, ?) ORDER BY rowid"


def write(path, rows):
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (a, b)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
    connection.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "shop.db"


@pytest.fixture
def rows(path):
    found = PreparedRows(path, f"file:{path}?mode=ro")
    yield lambda: found.read(QUERY, ["x", "y"], ["a", "b"])
    found.close()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None, 3], pa.int64()),
        ([1, 2.5, None], pa.float64()),
        (["p", None, "q"], pa.string()),
        ([None, None, None], pa.string()),
    ],
)
def test_a_column_has_the_type_of_its_values(path, rows, values, kind):
    write(path, [("x", value) for value in values])
    column = rows().column("b")
    assert (column.type, column.to_pylist()) == (kind, values)


@pytest.mark.parametrize("values", [[1, "one"], [b"bytes", "text"]])
def test_mixed_columns_are_left_to_sqlite(path, rows, values):
    write(path, [("x", value) for value in values])
    assert rows() is None


def test_a_new_row_is_seen_at_once(path, rows):
    write(path, [("x", 1)])
    assert rows().num_rows == 1
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO t VALUES ('y', 2)")
    connection.close()
    assert rows().column("b").to_pylist() == [1, 2]


def test_a_file_in_the_place_of_another_is_read(path, rows):
    write(path, [("x", 1)])
    assert rows().column("b").to_pylist() == [1]
    other = path.with_suffix(".new")
    write(other, [("x", 7), ("y", 8)])
    other.rename(path)
    assert rows().column("b").to_pylist() == [7, 8]


def test_a_file_that_is_away_is_an_error(path, rows):
    write(path, [("x", 1)])
    rows()
    path.unlink()
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        rows()
