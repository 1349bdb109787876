"""The product table, looked at again and again."""

import sqlite3
import threading

import pytest

from schema.source import open_source
from schema.source_settings import SourceSettings
from serving.database.product_table import ProductTable


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE products (product_id TEXT, available INTEGER)")
        connection.execute("INSERT INTO products VALUES ('a', 1), ('b', 0)")
        connection.execute("CREATE TABLE events (user_id TEXT, product_id TEXT, occurred_at INTEGER)")
    connection.close()
    return path


def change(path, sql):
    with sqlite3.connect(path) as connection:
        connection.execute(sql)
    connection.close()


@pytest.fixture
def make_table(shop):
    made = []

    def make(seconds=60.0):
        found = []
        table = ProductTable(lambda: open_source(SourceSettings(url=f"sqlite:///{shop}")), seconds)
        table.on_change.append(lambda states, _: found.append(states.available.to_pylist()))
        made.append(table)
        return table, found

    yield make
    for table in made:
        table.stop()


def test_only_what_has_changed_is_told(make_table, shop):
    table, found = make_table()
    assert table.age() is None
    assert table.look() and found == [[True, False]] and table.age() < 60
    assert table.look() and len(found) == 1
    change(shop, "UPDATE products SET available = 1")
    assert table.look() and found[-1] == [True, True]


def test_everything_is_told_again_on_request(make_table):
    table, found = make_table()
    table.again()
    assert table.look() and table.look() and len(found) == 1
    table.again()
    assert table.look() and found == [[True, False]] * 2


def test_while_the_database_is_away_what_was_known_stays(make_table, shop, caplog):
    table, found = make_table()
    assert table.look()
    read_at = table.read_at
    change(shop, "ALTER TABLE products RENAME TO gone")
    assert not table.look() and not table.look()
    assert caplog.text.count("the products cannot be followed") == 1
    assert table.read_at == read_at and len(found) == 1
    change(shop, "ALTER TABLE gone RENAME TO products")
    assert table.look() and found[-1] == [True, False]  # everything is read again


def test_it_looks_by_itself_until_it_is_stopped(make_table, shop):
    table, found = make_table(seconds=0.1)
    seen = threading.Event()
    table.on_change.append(lambda *_: seen.set())
    table.start()
    assert seen.wait(30)
    seen.clear()
    change(shop, "DELETE FROM products WHERE product_id = 'b'")
    assert seen.wait(30) and found[-1] == [True]
    table.stop()
    assert not table._thread.is_alive()


def test_a_listener_that_fails_does_not_end_it(make_table, shop, caplog):
    table, found = make_table(seconds=0.05)
    seen = threading.Event()

    def fail(*_):
        if not seen.is_set():
            seen.set()
            raise RuntimeError("a mistake of ours")

    table.on_change.insert(0, fail)
    table.start()
    for _ in range(600):
        if found:
            break
        threading.Event().wait(0.05)
    assert found == [[True, False]] and "a look at the products failed" in caplog.text
