"""Types and errors that only servers have."""

from __future__ import annotations

import pytest

from schema.errors import UserError
from schema.source import open_source
from schema.source_settings import SourceSettings, TableMapping

BIG = 2**64 - 1
UUID = "a1b2c3d4-0000-4000-8000-00000000000f"
ODD = ["not a uuid", "²", "--5", "", "nul\x00", "\ud800", "'; --", "x" * 5000, "5.0", "ff", "٣"]


def run(url, driver, *statements):
    from sqlalchemy import create_engine

    engine = create_engine(url.replace("://", f"+{driver}://", 1))
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture(scope="module")
def postgres(postgres_url):
    run(
        postgres_url,
        "psycopg",
        "CREATE SCHEMA odd",
        "CREATE TABLE odd.events (user_id uuid, product_id char(6), occurred_at timestamptz)",
        f"INSERT INTO odd.events VALUES ('{UUID}', 'p1', '2024-01-01'), ('{UUID}', 'p2', 'infinity')",
        "CREATE TABLE odd.products (product_id char(6), created_at timestamptz, picture bytea)",
        r"INSERT INTO odd.products VALUES ('p1', 'infinity', '\xff00'), ('p2', '2024-01-01', 'abc')",
        "CREATE TABLE odd.bytes (user_id bytea, product_id bigint, occurred_at bigint)",
        r"INSERT INTO odd.bytes VALUES ('\xc8c9', 1, 100), ('\xc8ca', 2, 200)",
        "CREATE MATERIALIZED VIEW seen AS SELECT * FROM odd.events",
        "CREATE VIEW slow AS SELECT user_id, product_id, occurred_at FROM odd.events, pg_sleep(3)",
    )
    return postgres_url


@pytest.mark.parametrize("arrow", [True, False])
def test_postgresql(postgres, arrow):
    tables = {"events": TableMapping(table="odd.events"), "products": TableMapping(table="odd.products")}
    with open_source(SourceSettings(url=postgres, tables=tables), arrow) as source:
        events = source.read_events()
        assert events["user_id"].to_pylist() == [UUID, UUID]
        assert events["product_id"].to_pylist() == ["p1", "p2"]
        assert events["occurred_at"].to_pylist() == [1704067200, None]
        assert source.newest_event_time() == 1704067200
        for asked in (UUID, UUID.upper()):
            assert source.user_events([asked], 9)["product_id"].to_pylist() == ["p1"]
        assert source.user_events(ODD, 9).num_rows == 0
        rows = source.read_table("products")
        assert rows["created_at"].to_pylist() == [None, 1704067200]
        assert rows["picture"].to_pylist() == ["ff00", "abc"]
        assert source.product_rows(["p2", *ODD])["product_id"].to_pylist() == ["p2"]


@pytest.mark.parametrize("arrow", [True, False])
def test_postgresql_binary_keys(postgres, arrow):
    tables = {"events": TableMapping(table="odd.bytes"), "products": TableMapping(table="odd.products")}
    with open_source(SourceSettings(url=postgres, tables=tables), arrow) as source:
        assert source.read_events()["user_id"].to_pylist() == ["c8c9", "c8ca"]
        assert source.user_events(["c8ca", *ODD], 9)["occurred_at"].to_pylist() == [200]
        parts = [source.read_events(part)["user_id"].to_pylist() for part in source.partitions(2)]
        assert parts == [["c8c9"], ["c8ca"]]


def test_materialised_views_are_tables_and_other_schemas_are_hinted_at(postgres):
    tables = {"events": TableMapping(table="seen"), "products": TableMapping(table="odd.products")}
    with open_source(SourceSettings(url=postgres, tables=tables)) as source:
        assert source.read_events().num_rows == 2
    with pytest.raises(UserError, match=r"no table `nothing`.*`schema.table`"):
        open_source(SourceSettings(url=postgres, tables={"products": TableMapping(table="nothing")}))


@pytest.mark.parametrize("arrow", [True, False])
def test_an_error_while_rows_stream_names_the_table(postgres, arrow):
    tables = {"events": TableMapping(table="slow"), "products": TableMapping(table="odd.products")}
    url = postgres + "?options=-c%20statement_timeout%3D500"
    with (
        open_source(SourceSettings(url=url, tables=tables), arrow) as source,
        pytest.raises(UserError, match=r"cannot read the rows of `slow`.*timeout") as error,
    ):
        source.read_events()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("arrow", [True, False])
def test_foreign_tables_are_found_and_their_errors_told(postgres, arrow):
    run(
        postgres,
        "psycopg",
        "DROP FOREIGN DATA WRAPPER IF EXISTS nowhere CASCADE",
        "CREATE FOREIGN DATA WRAPPER nowhere",
        "CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere",
        "CREATE FOREIGN TABLE far (user_id text, product_id text, occurred_at bigint) SERVER nowhere",
    )
    tables = {"events": TableMapping(table="far"), "products": TableMapping(table="odd.products")}
    with (
        pytest.raises(UserError, match=r"cannot read the table for `events`.*no handler") as error,
        open_source(SourceSettings(url=postgres, tables=tables), arrow),
    ):
        pass
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("arrow", [True, False])
@pytest.mark.parametrize(
    ("kind", "stored", "read"),
    [
        ("jsonb", ['{"a": 1}', '{"a": 2}'], ['{"a": 1}', '{"a": 2}']),
        ("json", ['{"a": 1}', '{"a": 2}'], ['{"a": 1}', '{"a": 2}']),
        ("text[]", ["{x}", "{y}"], ["{x}", "{y}"]),
        ("inet", ["10.0.0.1", "10.0.0.2"], ["10.0.0.1/32", "10.0.0.2/32"]),
    ],
)
def test_keys_without_an_order_are_read_in_ranges(postgres, arrow, kind, stored, read):
    run(
        postgres,
        "psycopg",
        "DROP TABLE IF EXISTS odd.keyed",
        f"CREATE TABLE odd.keyed (user_id {kind}, product_id text, occurred_at bigint)",
        *(f"INSERT INTO odd.keyed VALUES ('{key}', 'p1', {row})" for row, key in enumerate(stored)),
    )
    tables = {"events": TableMapping(table="odd.keyed"), "products": TableMapping(table="odd.products")}
    with open_source(SourceSettings(url=postgres, tables=tables), arrow) as source:
        parts = [source.read_events(part)["user_id"].to_pylist() for part in source.partitions(2)]
        assert sorted(user for part in parts for user in part) == read
        assert source.user_events([read[1], *ODD], 9)["occurred_at"].to_pylist() == [1]


@pytest.fixture(scope="module")
def mysql(mysql_url):
    run(
        mysql_url,
        "pymysql",
        "CREATE TABLE odd_events (user_id BINARY(4), product_id BIGINT UNSIGNED, occurred_at DATETIME)",
        f"INSERT INTO odd_events VALUES (X'C8C9CACB', {BIG}, '2024-01-01'), (X'C8C90000', 7, '2024-01-02')",
        "CREATE TABLE odd_products (product_id BIGINT UNSIGNED, available BIT(1), size BIGINT UNSIGNED, "
        "picture BLOB)",
        f"INSERT INTO odd_products VALUES ({BIG}, b'1', {BIG}, X'FF00'), (7, b'0', 1, 'abc')",
    )
    return mysql_url


def test_mysql(mysql):
    tables = {"events": TableMapping(table="odd_events"), "products": TableMapping(table="odd_products")}
    with open_source(SourceSettings(url=mysql, tables=tables)) as source:
        assert source.read_events()["user_id"].to_pylist() == ["c8c9cacb", "c8c90000"]
        assert source.read_events()["product_id"].to_pylist() == ["18446744073709551615", "7"]
        assert source.user_events(["c8c9cacb", *ODD], 9)["product_id"].to_pylist() == ["18446744073709551615"]
        rows = source.read_table("products")
        assert rows["available"].to_pylist() == [1, 0]
        assert rows["size"].to_pylist() == [2.0**64, 1.0]
        assert rows["picture"].to_pylist() == ["ff00", "abc"]
        assert source.product_rows(["18446744073709551615", *ODD])["available"].to_pylist() == [1]
        parts = [source.read_events(part)["user_id"].to_pylist() for part in source.partitions(2)]
        assert sorted(user for part in parts for user in part) == ["c8c90000", "c8c9cacb"]
