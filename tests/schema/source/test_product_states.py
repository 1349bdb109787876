"""Following the products of a table: the same on every database, with and without `updated_at`."""

from __future__ import annotations

import contextlib
import os
import sqlite3

import pyarrow as pa
import pyarrow.csv
import pytest

from schema.errors import UserError
from schema.source import open_source
from schema.source.ids import canonical_id, canonical_ids
from schema.source.product_states import ProductStates
from schema.source_settings import SourceSettings

EVENTS = "CREATE TABLE events (user_id VARCHAR(20), product_id VARCHAR(20), occurred_at INTEGER)"


def told(states):
    """Id -> whether it is available, or None if nothing has changed."""
    if states is None:
        return None
    return dict(zip(states.product_ids.to_pylist(), states.available.to_pylist(), strict=True))


def follow(url, execute, stamped):
    """The same changes on any database; each is seen once, and nothing else is."""
    stamp = {1: ", 100", 2: ", 200", 3: ", 300"} if stamped else dict.fromkeys((1, 2, 3), "")
    column = ", updated_at INTEGER" if stamped else ""
    execute(EVENTS)
    execute(f"CREATE TABLE products (product_id INTEGER, title VARCHAR(20), available INTEGER{column})")
    execute(f"INSERT INTO products VALUES (1, 'tea', 1{stamp[1]}), (2, 'mug', NULL{stamp[1]})")
    with open_source(SourceSettings(url=url)) as source:
        states = source.product_states()
        assert told(states.changed()) == {"1": True, "2": True}
        assert states.changed() is None
        execute(
            f"UPDATE products SET available = 0{', updated_at = 200' if stamped else ''} WHERE product_id = 2"
        )
        assert told(states.changed()) == {"1": True, "2": False}
        assert states.changed() is None
        execute("DELETE FROM products WHERE product_id = 1")
        assert told(states.changed()) == {"2": False}
        execute(f"INSERT INTO products VALUES (3, 'pot', 1{stamp[3]})")
        before = states.changed()
        assert told(before) == {"2": False, "3": True}
        execute("UPDATE products SET title = 'jug'" + (", updated_at = 400" if stamped else ""))
        assert states.changed() is (before if stamped else None)
        assert states.changed() is None


@pytest.mark.parametrize("stamped", [False, True])
def test_sqlite(tmp_path, stamped):
    def execute(sql):
        with sqlite3.connect(tmp_path / "shop.db") as connection:
            connection.execute(sql)
        connection.close()

    follow(f"sqlite:///{tmp_path}/shop.db", execute, stamped)


@contextlib.contextmanager
def server(url, driver):
    """Runs statements on a server, and leaves no table behind for other tests."""
    from sqlalchemy import create_engine

    engine = create_engine(url.replace(url.split(":")[0], driver, 1))

    def execute(sql):
        with engine.begin() as connection:
            connection.exec_driver_sql(sql)

    def clear():
        for table in ("products", "events"):
            execute(f"DROP TABLE IF EXISTS {table}")

    clear()
    try:
        yield execute
    finally:
        clear()
        engine.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("stamped", [False, True])
def test_postgresql(postgres_url, stamped):
    with server(postgres_url, "postgresql+psycopg") as execute:
        follow(postgres_url, execute, stamped)


@pytest.mark.mysql
@pytest.mark.parametrize("stamped", [False, True])
def test_mysql(mysql_url, stamped):
    with server(mysql_url, "mysql+pymysql") as execute:
        follow(mysql_url, execute, stamped)


def test_files(tmp_path):
    def write(rows, moment):
        path = tmp_path / "products.csv"
        pa.csv.write_csv(pa.table({"product_id": list(rows), "available": list(rows.values())}), path)
        os.utime(path, (moment, moment))

    pa.csv.write_csv(
        pa.table({"user_id": ["u"], "product_id": ["1"], "occurred_at": [5]}), tmp_path / "events.csv"
    )
    write({"1": "yes", "2": "no"}, 1_700_000_000)
    with open_source(SourceSettings(url=str(tmp_path))) as source:
        states = source.product_states()
        assert told(states.changed()) == {"1": True, "2": False}
        assert states.changed() is None
        write({"1": "no", "2": "no"}, 1_700_000_001)
        assert told(states.changed()) == {"1": False, "2": False}


def test_a_table_without_flags_has_everything_to_sell(checkerboard_url):
    with open_source(SourceSettings(url=checkerboard_url)) as source:
        found = told(source.product_states().changed())
    assert found and set(found.values()) == {True}


def test_the_whole_table_is_compared_now_and_then(tmp_path):
    """A change that leaves counts and stamps alone waits for that."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute(EVENTS)
        connection.execute("CREATE TABLE products (product_id TEXT, available INTEGER, updated_at TEXT)")
        connection.execute("INSERT INTO products VALUES ('a', 1, '2024-01-01'), ('b', 0, '2024-01-01')")
    seconds = [0.0]
    with open_source(SourceSettings(url=f"sqlite:///{path}")) as source:
        states = ProductStates(source._tables, source._relations["products"], lambda: seconds[0])
        assert told(states.changed()) == {"a": True, "b": False}
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE products SET available = 1 - available")
        seconds[0] = 29.0
        assert states.changed() is None
        seconds[0] = 31.0
        assert told(states.changed()) == {"a": False, "b": True}


def test_a_flag_that_is_none_is_told(tmp_path):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute(EVENTS)
        connection.execute("CREATE TABLE products (product_id TEXT, available TEXT)")
        connection.execute("INSERT INTO products VALUES ('a', 'perhaps')")
    with (
        open_source(SourceSettings(url=f"sqlite:///{path}")) as source,
        pytest.raises(UserError, match=r"column `available`, row 1: neither 0 nor 1\. Received: 'perhaps'"),
    ):
        source.product_states().changed()


@pytest.mark.parametrize(
    "odd",
    [
        "1.0", "-0.00", " a", "a\t", "a\x0b", "a\x1c", "a\x85", "a\u00a0", "\u2003a", "a\u2028", "a\n",
        "1B4E28BA-2FA1-11D2-883F-0016D3CCA427", "{1b4e28ba-2fa1-11d2-883f-0016d3cca427}",
    ],
)  # fmt: skip
def test_ids_in_odd_forms_are_found_among_others(odd):
    assert canonical_id(odd) != odd
    assert canonical_ids(pa.array(["7", odd, None])).to_pylist() == ["7", canonical_id(odd), None]
