from __future__ import annotations

import sqlite3

import pytest

from schema.errors import ConfigurationError, UserError
from schema.source import open_source
from schema.source.queries import fill_in, query_for, without_end
from schema.source_settings import SourceSettings


@pytest.fixture
def shop(tmp_path):
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.executescript(
        "CREATE TABLE wp_orders (buyer TEXT, sku TEXT, bought TEXT, note TEXT, mail TEXT, price REAL);"
        "INSERT INTO wp_orders VALUES ('u1', 'a;b', '2024-01-01', 'x', 'u1@example.org', 2.5),"
        " ('u2', 'c', '2024-01-02', 'y', 'u2@example.org', 3.5);"
        "CREATE TABLE products (product_id TEXT, title TEXT, cost REAL);"
        "INSERT INTO products VALUES ('a;b', 'first', 1.0), ('c', 'second', 2.0);"
    )
    connection.commit()
    connection.close()
    return f"sqlite:///{tmp_path / 'shop.db'}"


EVENTS = {
    "table": "${prefix}orders",
    "columns": {"user_id": "buyer", "product_id": "sku", "occurred_at": "bought"},
}


def opened(url, events, **settings):
    tables = {"events": events, **settings.pop("tables", {})}
    return open_source(SourceSettings.parse({"url": url, "tables": tables, **settings}))


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("SELECT 1", "SELECT 1"),
        ("  SELECT 1 ;\n ", "SELECT 1"),
        ("SELECT 1; -- done; really", "SELECT 1"),
        ("SELECT 1 -- it's all", "SELECT 1"),
        ("SELECT 1 /* one; */ ;; /* two */", "SELECT 1"),
        ("SELECT ';' AS a, '--' AS b", "SELECT ';' AS a, '--' AS b"),
        ("SELECT 'it''s -- here';", "SELECT 'it''s -- here'"),
        ('SELECT "a;" FROM `b--c`', 'SELECT "a;" FROM `b--c`'),
        ("SELECT 1 -- first\n, 2", "SELECT 1 -- first\n, 2"),
        ("SELECT $x$ ; -- ' $x$;", "SELECT $x$ ; -- ' $x$"),
        ("-- only a comment", ""),
    ],
)
def test_what_stands_behind_a_query_is_taken_off(query, left):
    assert without_end(query) == left


def test_variables_stand_where_they_are_named():
    assert fill_in("SELECT ${n} FROM ${p}_t -- $n", {"n": 1, "p": "wp"}, "key") == "SELECT 1 FROM wp_t -- $n"


def test_an_unknown_variable_is_named():
    message = (
        r"`source.tables.events.query` uses the variable `\$\{prefx\}`.*`prefix`.*source.variables.prefx"
    )
    with pytest.raises(UserError, match=message):
        fill_in("SELECT ${prefx}", {"prefix": "wp_"}, "source.tables.events.query")


def test_one_query_for_each_database():
    queries = {"sqlite": "SELECT 1", "mysql": "SELECT 2"}
    assert query_for(queries, "mysql", "key") == "SELECT 2"
    assert query_for("SELECT 3", "mysql", "key") == "SELECT 3"
    with pytest.raises(
        UserError, match=r"`key` has no query for `postgresql`.*`sqlite`, `mysql`.*`key.postgresql`"
    ):
        query_for(queries, "postgresql", "key")


@pytest.mark.parametrize("query", [["SELECT 1"], {"oracle": "SELECT 1"}, {"mysql": 1}])
def test_a_query_is_text_or_one_text_for_each_database(query):
    with pytest.raises(
        ConfigurationError, match=r"`tables.events.query`.*one for each of sqlite, postgresql"
    ):
        SourceSettings.parse({"tables": {"events": {"query": query}}})


def test_a_table_may_have_a_variable_in_its_name(shop):
    with opened(shop, EVENTS, variables={"prefix": "wp_"}) as source:
        assert source.read_events()["user_id"].to_pylist() == ["u1", "u2"]


def test_a_query_ends_in_a_comment_and_has_variants(shop):
    query = {
        "mysql": "SELECT nonsense",
        "sqlite": "SELECT buyer AS user_id, sku AS product_id, bought AS occurred_at FROM ${prefix}orders\n"
        "WHERE buyer <> '${who}' -- not him; nor anybody's dog",
    }
    with opened(shop, {"query": query}, variables={"prefix": "wp_", "who": "u1"}) as source:
        assert source.read_events()["user_id"].to_pylist() == ["u2"]
        assert sum(source.read_events(part).num_rows for part in source.partitions(2)) == 1
        assert source.user_events(["u2"], 5)["product_id"].to_pylist() == ["c"]


def test_columns_are_excluded(shop):
    events = {**EVENTS, "exclude": ["mail", "note"]}
    products = {"exclude": ["cost"]}
    with opened(shop, events, tables={"products": products}, variables={"prefix": "wp_"}) as source:
        assert source.columns("events") == ["user_id", "product_id", "occurred_at", "price"]
        assert source.columns("products") == ["product_id", "title"]


def test_only_some_columns_are_read(shop):
    events = {**EVENTS, "only": ["price", "sku"]}
    with opened(shop, events, variables={"prefix": "wp_"}) as source:
        assert source.columns("events") == ["user_id", "product_id", "occurred_at", "price"]
        assert source.read_events()["price"].to_pylist() == [2.5, 3.5]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"exclude": ["mial"]}, r"no column `mial` \(`source.tables.events.exclude`\).*Did you mean `mail`"),
        ({"only": ["prize"]}, r"no column `prize` \(`source.tables.events.only`\).*Did you mean `price`"),
        ({"exclude": ["sku"]}, r"cannot be read without `product_id`"),
    ],
)
def test_lists_of_columns_are_checked(shop, change, message):
    with pytest.raises(UserError, match=message):
        opened(shop, {**EVENTS, **change}, variables={"prefix": "wp_"})
