"""Sets and paths as databases and files store them: each is told, and has the same members on every way."""

from __future__ import annotations

import json
import sqlite3

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schema.features import FeatureColumn, Kind, types_of
from schema.profiling.profile import profile_source
from schema.source import open_source
from schema.source_settings import FeatureSettings, SourceSettings
from schema.values.members import members

TAGS = [["new", "light blue"], ["sale, last"], [], ['so "good"', "new"], None]
NUMBERS = [[3, 17], [2**40], [], [5, 3], None]
PATHS = ["Food > Dairy > Milk", "Food > Tea", "Toys", "Food > Dairy", None]
COUNT = 20


def expected(column):
    rows = {
        "tags": TAGS,
        "numbers": [value and list(map(str, value)) for value in NUMBERS],
        "path": [
            value
            and [" > ".join(value.split(" > ")[:depth]) for depth in range(1, 1 + len(value.split(" > ")))]
            for value in PATHS
        ],
    }[column]
    return [tuple(rows[n % 5] or ()) for n in range(COUNT)]


def check(url):
    with open_source(SourceSettings(url=url)) as source:
        found = profile_source(source, FeatureSettings(), lambda *_: None).features.products
        columns = {column.name: column for column in found}
        assert columns["tags"] == FeatureColumn(name="tags", kind=Kind.SET, type="text")
        assert columns["numbers"] == FeatureColumn(name="numbers", kind=Kind.SET, type="text")
        assert columns["path"] == FeatureColumn(name="path", kind=Kind.HIERARCHY, type="text", levels=" > ")
        whole = source.read_table("products", types_of(found)).sort_by("product_id")
        one = source.product_rows(["p3"], types_of(found)).to_pylist()[0]
        live = source.product_rows(["p3"]).to_pylist()[0]
    for name, column in columns.items():
        values = [members(value, column) for value in whole[name].to_pylist()]
        assert values == [expected(name)[int(key[1:])] for key in whole["product_id"].to_pylist()]
        assert members(one[name], column) == expected(name)[3]
        if name != "numbers":  # which look like vectors to who does not know what they are
            assert members(live[name], column) == expected(name)[3]


def events():
    return [(f"u{n % 7}", f"p{n % COUNT}", 1_690_000_000 + n * 90_000) for n in range(60)]


def test_files_of_lists(tmp_path):
    rows = range(COUNT)
    products = {
        "product_id": [f"p{n}" for n in rows],
        "tags": pa.array([TAGS[n % 5] for n in rows], pa.list_(pa.string())),
        "numbers": pa.array([NUMBERS[n % 5] for n in rows], pa.list_(pa.int64())),
        "path": [PATHS[n % 5] for n in rows],
    }
    pq.write_table(pa.table(products), tmp_path / "products.parquet")
    names = ("user_id", "product_id", "occurred_at")
    columns = zip(*events(), strict=True)
    pq.write_table(pa.table(dict(zip(names, map(list, columns), strict=True))), tmp_path / "events.parquet")
    check(str(tmp_path))


def test_json_in_sqlite(tmp_path):
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute("CREATE TABLE products (product_id TEXT, tags TEXT, numbers TEXT, path TEXT)")
    rows = [(f"p{n}", TAGS[n % 5], NUMBERS[n % 5], PATHS[n % 5]) for n in range(COUNT)]
    as_json = [(p, *(None if v is None else json.dumps(v) for v in lists), path) for p, *lists, path in rows]
    connection.executemany("INSERT INTO products VALUES (?, ?, ?, ?)", as_json)
    connection.execute("CREATE TABLE events (user_id TEXT, product_id TEXT, occurred_at INTEGER)")
    connection.executemany("INSERT INTO events VALUES (?, ?, ?)", events())
    connection.commit()
    connection.close()
    check(f"sqlite:///{tmp_path / 'shop.db'}")


@pytest.mark.postgres
def test_arrays_of_postgresql(postgres_url):
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS products, events")
        connection.execute(
            "CREATE TABLE products (product_id text, tags text[], numbers bigint[], path text)"
        )
        connection.execute("CREATE TABLE events (user_id text, product_id text, occurred_at bigint)")
        with connection.cursor() as cursor:
            rows = [(f"p{n}", TAGS[n % 5], NUMBERS[n % 5], PATHS[n % 5]) for n in range(COUNT)]
            cursor.executemany("INSERT INTO products VALUES (%s, %s, %s, %s)", rows)
            cursor.executemany("INSERT INTO events VALUES (%s, %s, %s)", events())
    try:
        check(postgres_url)
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute("DROP TABLE products, events")
