"""Batches of rows become one table."""

import sqlite3

import pyarrow as pa

from schema.source import open_source
from schema.source.row_tables import joined
from schema.source_settings import SourceSettings


def test_a_batch_without_rows_says_nothing_of_the_types():
    empty = pa.record_batch([pa.array([], pa.string())], ["age"])
    table = joined([empty, pa.record_batch([pa.array([24, 53])], ["age"]), empty], ["age"])
    assert table.to_pydict() == {"age": [24, 53]}


def test_numbers_beside_texts_come_as_texts():
    numbers = pa.record_batch([pa.array([24, None]), pa.array([1.5, 2.5])], ["age", "height"])
    texts = pa.record_batch([pa.array(["old"]), pa.array([3.5])], ["age", "height"])
    table = joined([numbers, texts], ["age", "height"])
    assert table.to_pydict() == {"age": ["24", None, "old"], "height": [1.5, 2.5, 3.5]}


def test_without_rows_the_columns_are_there():
    assert joined([], ["age", "city"]).to_pydict() == {"age": [], "city": []}
    empty = pa.record_batch([pa.array([], pa.int64())], ["age"])
    assert joined([empty], ["age"]).to_pydict() == {"age": []}


def test_users_are_read_by_more_keys_than_one_statement_takes(tmp_path):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE users (user_id TEXT PRIMARY KEY, age INTEGER)")
        connection.executemany("INSERT INTO users VALUES (?, ?)", [(str(n), n % 50) for n in range(1, 944)])
        connection.execute("CREATE TABLE products (product_id TEXT)")
        connection.execute("INSERT INTO products VALUES ('a')")
        connection.execute("CREATE TABLE events (user_id TEXT, product_id TEXT, occurred_at INTEGER)")
        connection.execute("INSERT INTO events VALUES ('1', 'a', 1600000000)")
    wanted = [str(number) for number in range(1, 944)]
    with open_source(SourceSettings(url=f"sqlite:///{path}")) as source:
        rows = source.user_rows([*wanted, *(f"absent {number}" for number in range(3000))])
    assert sorted(rows["user_id"].to_pylist(), key=int) == wanted
    assert dict(zip(rows["user_id"].to_pylist(), rows["age"].to_pylist(), strict=True))["943"] == 943 % 50
