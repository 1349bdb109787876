"""The same awkward rows, read from PostgreSQL, MariaDB, SQLite and files: the same tables everywhere."""

from __future__ import annotations

import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schema.errors import UserError
from schema.source import mask_url, open_source, restore_password
from schema.source_settings import SourceSettings, TableMapping

IDS = ["Ünïcode ✓", "with space ", 'it\'s "quoted"', "007", "7", "back\\slash", "100%", "a:b"]
CANONICAL = [user.strip() for user in IDS]
USERS = [(user, 20 + row, row / 8, row % 2 == 0) for row, user in enumerate(IDS)]
EVENTS = [
    (user, product, 1_700_000_000 + 10 * row, row)
    for row, (user, product) in enumerate(zip(IDS, IDS[::-1], strict=True))
]
EVENTS += [(IDS[0], "42", 1_700_000_000, 100), (IDS[0], "43", 1_700_000_000, 101)]


def _fill(url, creates, vectors):
    """Creates the tables and inserts the rows; `vectors` are the two images as the database takes them."""
    from sqlalchemy import create_engine

    stamps = [datetime.datetime.fromtimestamp(event[2], datetime.UTC) for event in EVENTS]
    rows = {
        "users": USERS,
        "products": [(42, "a thing", vectors[0], "[1, 2]", 2), (43, None, vectors[1], None, 3)],
        "events": [
            (event[0], event[1], stamp, event[3]) for event, stamp in zip(EVENTS, stamps, strict=True)
        ],
    }
    engine = create_engine(url)
    with engine.begin() as connection:
        for table, columns in creates.items():
            connection.exec_driver_sql(f"CREATE TABLE {table} ({columns})")
            marks = ", ".join(["%s"] * len(rows[table][0]))
            connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({marks})", rows[table])
        connection.exec_driver_sql("CREATE INDEX by_user ON events (user_id, line DESC)")
    engine.dispose()


@pytest.fixture(scope="module")
def postgres(postgres_url):
    creates = {
        "users": "user_id text, age int, score numeric(8,3), member boolean",
        "products": "product_id bigint, title text, image real[], size json, price numeric",
        "events": "user_id text, product_id text, occurred_at timestamptz, line int",
    }
    _fill(postgres_url.replace("postgresql:", "postgresql+psycopg:"), creates, ([1.0, 2.5], [3.0, 4.0]))
    return postgres_url


@pytest.fixture(scope="module")
def mysql(mysql_url):
    creates = {
        "users": "user_id varchar(60), age int, score decimal(8,3), member boolean",
        "products": "product_id bigint, title text, image json, size json, price decimal(5,2)",
        "events": "user_id varchar(60), product_id varchar(60), occurred_at datetime, line int PRIMARY KEY",
    }
    _fill(mysql_url.replace("mysql:", "mysql+pymysql:"), creates, ("[1, 2.5]", "[3, 4]"))
    return mysql_url


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    columns = list(zip(*EVENTS, strict=True))
    users = {
        "user_id": IDS,
        "age": [20 + n for n in range(len(IDS))],
        "score": [n / 8 for n in range(len(IDS))],
    }
    users["member"] = [n % 2 == 0 for n in range(len(IDS))]
    pq.write_table(pa.table(users), folder / "users.parquet")
    products = {"product_id": [42, 43], "title": ["a thing", None], "image": [[1.0, 2.5], [3.0, 4.0]]}
    products |= {"size": [[1, 2], None], "price": [2.0, 3.0]}
    pq.write_table(pa.table(products), folder / "products.parquet")
    events = {"user_id": columns[0], "product_id": columns[1], "line": columns[3]}
    events["occurred_at"] = pa.array(columns[2]).cast(pa.timestamp("s", "UTC"))
    pq.write_table(
        pa.table(events).select(["user_id", "product_id", "occurred_at", "line"]), folder / "events.parquet"
    )
    return str(folder)


@pytest.fixture(params=["postgres", "postgres-rows", "mysql", "files"])
def source(request):
    url = request.getfixturevalue(request.param.split("-")[0])
    with open_source(SourceSettings(url=url), arrow_native="rows" not in request.param) as opened:
        yield opened


def test_events_are_the_same_everywhere(source):
    events = source.read_events()
    assert events["user_id"].to_pylist() == [row[0].strip() for row in EVENTS]
    assert events["product_id"].to_pylist() == [row[1].strip() for row in EVENTS]
    assert events["occurred_at"].to_pylist() == [row[2] for row in EVENTS]
    assert events["line"].to_pylist() == [row[3] for row in EVENTS]
    assert events.schema.field("line").type == pa.int64()


def test_features_have_the_four_native_types(source):
    users = source.read_table("users")
    assert users["user_id"].to_pylist() == CANONICAL
    assert users["score"].to_pylist() == [n / 8 for n in range(len(IDS))]
    assert users["member"].to_pylist() == [1, 0] * 4
    products = source.read_table("products")
    assert products["product_id"].to_pylist() == ["42", "43"]
    assert products["price"].to_pylist() == [2, 3]
    assert products["image"].to_pylist() == [[1.0, 2.5], [3.0, 4.0]]
    assert products["size"].to_pylist() == [[1.0, 2.0], None]
    kinds = {field.name: field.type for field in products.schema}
    assert kinds == {
        "product_id": pa.string(),
        "title": pa.string(),
        "image": pa.list_(pa.float32()),
        "size": pa.list_(pa.float32()),
        "price": pa.int64(),
    }


def test_partitions_hold_every_event_once(source):
    ranges = source.partitions(3)
    assert len(ranges) == 3
    lines = [line for part in ranges for line in source.read_events(part)["line"].to_pylist()]
    assert sorted(lines) == [0, 1, 2, 3, 4, 5, 6, 7, 100, 101]
    first = [part for part in ranges if IDS[0] in source.read_events(part)["user_id"].to_pylist()]
    assert len(first) == 1
    own = source.read_events(first[0])
    assert own.filter(pa.array([u == IDS[0] for u in own["user_id"].to_pylist()]))["line"].to_pylist() == [
        0,
        100,
        101,
    ]


@pytest.mark.parametrize("user", IDS)
def test_a_user_is_found_by_any_id(source, user):
    events = source.user_events([user], 10)
    assert events["line"].to_pylist() == [row[3] for row in EVENTS if row[0] == user]
    assert source.user_rows([user])["age"].to_pylist() == [20 + IDS.index(user)]


@pytest.mark.parametrize("server", ["postgres", "mysql"])
def test_one_user_is_read_at_once_as_in_tables(request, server):
    types = {"age": "integer", "member": "integer"}
    with open_source(SourceSettings(url=request.getfixturevalue(server))) as source:
        for user in [*IDS, "nobody"]:
            table = source.user_events([user], 9)
            whole = [table[name].to_pylist() for name in ("product_id", "occurred_at", "event_type")]
            plain = source.plain_user().events(user, 9)
            assert [list(values) for values in plain] == whole
            rows = source.user_rows([user], types).to_pylist()
            assert source.plain_user().rows(user, types) == [
                {name: row[name] for name in types} for row in rows
            ]


def test_what_is_new_is_read_at_once_and_a_lost_connection_is_opened_again(postgres):
    from sqlalchemy import create_engine

    engine = create_engine(postgres.replace("postgresql:", "postgresql+psycopg:"))
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    others += " AND datname = current_database()"
    with open_source(SourceSettings(url=postgres), arrow_native=False) as source, engine.connect() as admin:
        assert source.plain_user().events("new", 9).times == []
        with admin.begin():
            admin.exec_driver_sql("INSERT INTO events VALUES ('new', 'p', '2024-05-01', 1)")
        try:
            assert source.plain_user().events("new", 9).times == [1714521600]
            with admin.begin():
                admin.exec_driver_sql(others)
            with pytest.raises(UserError, match="cannot read the rows of `events`"):
                source.plain_user().events("new", 9)
            assert source.plain_user().events("new", 9).times == [1714521600]
        finally:
            with admin.begin():
                admin.exec_driver_sql("DELETE FROM events WHERE user_id = 'new'")
    engine.dispose()


def test_an_unknown_user_has_nothing(source):
    assert source.user_events(["nobody"], 10).num_rows == 0
    assert source.user_rows(["nobody"]).num_rows == 0


def test_newest_event_time(source):
    assert source.newest_event_time() == 1_700_000_070


def test_postgres_query_in_place_of_a_table(postgres):
    mapping = TableMapping(
        query="SELECT user_id AS who, product_id, occurred_at FROM events WHERE line < 3;",
        columns={"user_id": "who"},
    )
    with open_source(SourceSettings(url=postgres, tables={"events": mapping})) as source:
        assert source.read_events()["user_id"].to_pylist() == CANONICAL[:3]
        assert sum(source.read_events(part).num_rows for part in source.partitions(2)) == 3


@pytest.mark.parametrize("server", ["postgres", "mysql"])
def test_a_wrong_password_is_one_clear_line(request, server):
    url = restore_password(mask_url(request.getfixturevalue(server)), "wrong")
    with pytest.raises(UserError, match=r"cannot be reached") as error:
        open_source(SourceSettings(url=url))
    assert "\n" not in str(error.value)
    assert "wrong" not in str(error.value)


@pytest.mark.parametrize("server", ["postgres", "mysql"])
def test_a_missing_table_is_named(request, server):
    settings = SourceSettings(
        url=request.getfixturevalue(server), tables={"events": TableMapping(table="orders")}
    )
    with pytest.raises(UserError, match=r"has no table `orders`"):
        open_source(settings)


def test_a_bad_query_is_one_clear_line(postgres):
    settings = SourceSettings(
        url=postgres, tables={"events": TableMapping(query="SELECT nothing FROM nowhere")}
    )
    with pytest.raises(UserError, match=r"cannot read the query for `events`.*nowhere"):
        open_source(settings)


def test_a_server_that_is_not_there():
    with pytest.raises(UserError, match=r"cannot be reached"):
        open_source(SourceSettings(url="postgresql://a:b@127.0.0.1:1/x"))
