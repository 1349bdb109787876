from __future__ import annotations

import pickle
import sqlite3

import pytest

from schema.errors import UserError
from schema.source import open_source
from schema.source_settings import SourceSettings, TableMapping

AWKWARD = [
    "Ünïcode ✓",
    "with space ",
    " ",
    "it's",
    '"quoted"',
    "007",
    "7",
    "nul\x00byte",
    "line\nbreak",
    "%s ? :x",
]


def make(path, *statements):
    connection = sqlite3.connect(path)
    for statement, *rows in statements:
        if rows:
            connection.executemany(statement, rows[0])
        else:
            connection.execute(statement)
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"


def shop(
    path, events="user_id, product_id, occurred_at", rows=(), products="product_id", product_rows=(("p",),)
):
    marks = ", ".join("?" * (events.count(",") + 1))
    product_marks = ", ".join("?" * (products.count(",") + 1))
    return make(
        path,
        (f"CREATE TABLE events ({events})",),
        (f"INSERT INTO events VALUES ({marks})", rows),
        (f"CREATE TABLE products ({products})",),
        (f"INSERT INTO products VALUES ({product_marks})", product_rows),
    )


@pytest.fixture(params=[True, False], ids=["arrow", "rows"])
def opened(request):
    def open_(url, **tables):
        return open_source(SourceSettings(url=url, tables=tables), arrow_native=request.param)

    return open_


def test_awkward_ids_survive_without_blanks_around_them(tmp_path, opened):
    expected = [user.strip() for user in AWKWARD if user.strip()]
    rows = [(user, "p", 100 + n) for n, user in enumerate(AWKWARD)]
    url = shop(tmp_path / "a shop #1?.db", rows=rows)
    url = str(tmp_path / "a shop #1?.db")
    with opened(url) as source:
        assert source.read_events()["user_id"].to_pylist() == expected
        parts = [source.read_events(pickle.loads(pickle.dumps(part))) for part in source.partitions(4)]
        assert sorted(user for part in parts for user in part["user_id"].to_pylist()) == sorted(expected)
        for n, user in enumerate(AWKWARD):
            assert source.user_events([user], 5)["occurred_at"].to_pylist() == (
                [100 + n] if user.strip() else []
            )


def test_integers_and_text_are_one_user(tmp_path, opened):
    rows = [(42, 7, 1), ("42", "7", 2), (42.0, 7.0, 3), ("042", "07", 4), (43, None, 5)]
    with opened(shop(tmp_path / "shop.db", rows=rows)) as source:
        events = source.read_events()
        assert events["user_id"].to_pylist() == ["42", "42", "42", "042", "43"]
        assert events["product_id"].to_pylist() == ["7", "7", "7", "07", None]
        for part in source.partitions(3):
            users = source.read_events(part)["user_id"].to_pylist()
            assert users.count("42") in (0, 3)
        assert source.user_events(["42"], 10)["occurred_at"].to_pylist() == [1, 2, 3]
        assert source.user_events(["042"], 10)["occurred_at"].to_pylist() == [4]


@pytest.mark.parametrize("declared", ["INTEGER", "TEXT", "REAL", ""])
def test_a_user_is_found_whatever_the_column_is_declared_as(tmp_path, opened, declared):
    url = shop(
        tmp_path / "shop.db", f"user_id {declared}, product_id, occurred_at", [("42", "p", 1), ("43", "p", 2)]
    )
    with opened(url) as source:
        assert source.user_events(["42"], 10)["user_id"].to_pylist() == ["42"]
        assert source.user_events(["042"], 10).num_rows == 0
        assert sum(source.read_events(part).num_rows for part in source.partitions(2)) == 2


def test_both_paths_give_the_same_table(tmp_path):
    """Types change after the first thousands of rows, where a driver has long made up its mind."""
    rows = [(f"u{n % 7}", n, 1000 + n, None, None, None, None) for n in range(70_000)]
    rows += [
        ("u1", "x", 99_999.5, 1.5, 2, "t", 2**60),
        ("u2", 5, "2017-01-01", 3, 2.5, 4, None),
        ("u3", 1, 5, None, None, b"b", 1),
    ]
    url = shop(tmp_path / "shop.db", "user_id, product_id, occurred_at, price, quantity, note, big", rows)
    tables = []
    for fast in (True, False):
        with open_source(SourceSettings(url=url), fast) as source:
            parts = [source.read_events(part) for part in source.partitions(3)]
            tables.append((source.read_events(), *parts, source.read_table("products")))
    for fast, slow in zip(*tables, strict=True):
        assert fast.schema == slow.schema
        assert fast.equals(slow)
    assert tables[0][0]["note"].to_pylist()[-3:] == ["t", "4", "b"]
    assert tables[0][0]["big"].to_pylist()[-3:] == [2**60, None, 1]
    assert tables[0][0]["occurred_at"].to_pylist()[-3:-1] == [99_999, 1483228800]
    assert sum(part.num_rows for part in tables[0][1:-1]) == 70_003


def test_rows_keep_the_order_of_the_table(tmp_path, opened):
    """An index that holds all columns in another order must not decide."""
    rows = [("u", f"p{9 - n}", 100) for n in range(10)]
    url = shop(tmp_path / "shop.db", rows=rows)
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute("CREATE INDEX i ON events (user_id, product_id, occurred_at)")
    connection.commit()
    with opened(url) as source:
        expected = [f"p{9 - n}" for n in range(10)]
        assert source.read_events()["product_id"].to_pylist() == expected
        assert source.read_events(source.partitions(1)[0])["product_id"].to_pylist() == expected
        assert source.user_events(["u"], 3)["product_id"].to_pylist() == expected[-3:]


def test_newest_events_of_each_user(tmp_path, opened):
    rows = [("a", "p3", 30), ("b", "q", 5), ("a", "p1", 10), ("a", "p2", 20)]
    with opened(shop(tmp_path / "shop.db", rows=rows)) as source:
        events = source.user_events(["a", "b", "c"], 2)
        assert list(zip(events["user_id"].to_pylist(), events["product_id"].to_pylist(), strict=True)) == [
            ("a", "p2"),
            ("a", "p3"),
            ("b", "q"),
        ]
        assert source.newest_event_time() == 30


def test_no_users_table_and_default_event_type(tmp_path, opened):
    with opened(shop(tmp_path / "shop.db", rows=[("u", "p", 1)])) as source:
        assert source.columns("users") == []
        assert source.read_table("users").num_rows == 0
        assert source.user_rows(["u"]).num_rows == 0
        events = source.read_events()
        assert events["event_type"].to_pylist() == ["purchase"]
        assert events["basket_id"].to_pylist() == [None]


def test_contract_columns_of_products(tmp_path, opened):
    url = shop(
        tmp_path / "shop.db",
        rows=[("u", "p", 1)],
        products="product_id, available, created_at, vector",
        product_rows=[("p", 1, "2017-01-01", "[1, 2]"), (7, 0, None, "[3, 4]")],
    )
    with opened(url) as source:
        assert source.read_table("products").to_pylist() == [
            {"product_id": "p", "available": 1, "created_at": 1483228800, "vector": [1.0, 2.0]},
            {"product_id": "7", "available": 0, "created_at": None, "vector": [3.0, 4.0]},
        ]


def test_mapping_of_tables_columns_and_queries(tmp_path, opened):
    url = make(
        tmp_path / "shop.db",
        ('CREATE TABLE "order lines" (customer TEXT, "item no" TEXT, "when" TEXT, product_id TEXT)',),
        ('INSERT INTO "order lines" VALUES (?, ?, ?, ?)', [("c", "i", "2017-01-01", "not this")]),
        ("CREATE VIEW goods AS SELECT 'i' AS sku, 'Tea' AS name",),
    )
    columns = {"user_id": "customer", "product_id": "item no", "occurred_at": "when"}
    goods = TableMapping(query="SELECT * FROM goods;", columns={"product_id": "sku"})
    with opened(url, events=TableMapping(table="order lines", columns=columns), products=goods) as source:
        assert source.columns("events") == ["user_id", "product_id", "occurred_at"]
        assert source.read_events()["product_id"].to_pylist() == ["i"]
        assert source.read_table("products").to_pylist() == [{"product_id": "i", "name": "Tea"}]
        assert source.name_of("events", "user_id") == "customer"


def test_a_missing_file_is_not_created(tmp_path):
    with pytest.raises(UserError, match=r"No such database file"):
        open_source(SourceSettings(url=f"sqlite:///{tmp_path}/none.db"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (None, "No product database is named"),
        ("sqlite://", "must be a file"),
        ("oracle://u:pw@h/d", r"kind `oracle` are not supported. Received: oracle://u:\*\*\*@h/d"),
        ("postgresql://u:pw@h:port/d", "cannot be understood"),
    ],
)
def test_other_urls_are_refused(url, message):
    with pytest.raises(UserError, match=message):
        open_source(SourceSettings(url=url))


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "notes.db"
    path.write_text("these are my notes, and no database at all")
    with pytest.raises(UserError, match=r"no SQLite database"):
        open_source(SourceSettings(url=str(path)))


def test_missing_tables_and_columns_name_the_nearest(tmp_path):
    url = make(tmp_path / "a.db", ("CREATE TABLE event (x)",), ("CREATE TABLE products (product_id)",))
    with pytest.raises(
        UserError, match=r"no table `events`. Received: `event`, `products`. Did you mean `event`"
    ):
        open_source(SourceSettings(url=url))
    url = make(
        tmp_path / "b.db",
        ("CREATE TABLE events (userid, product_id, occurred_at)",),
        ("CREATE TABLE products (product_id)",),
    )
    with pytest.raises(UserError, match=r"no column `user_id`.*columns.user_id: userid"):
        open_source(SourceSettings(url=url))
    with pytest.raises(UserError, match=r"no column `usrid` .mapped to `user_id`.*Did you mean `userid`"):
        open_source(SourceSettings(url=url, tables={"events": TableMapping(columns={"user_id": "usrid"})}))
    with pytest.raises(
        UserError, match=r"source.tables.event` is unknown. Did you mean `source.tables.events`"
    ):
        open_source(SourceSettings(url=url, tables={"event": TableMapping()}))


def test_text_that_is_not_utf8_is_one_clear_line(tmp_path, opened):
    url = shop(tmp_path / "shop.db", rows=[("u", "p", 1)])
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute("UPDATE events SET product_id = CAST(X'FF41' AS TEXT)")
    connection.commit()
    with opened(url) as source, pytest.raises(UserError, match=r"`events`.*UTF-8") as error:
        source.read_events()
    assert "\n" not in str(error.value)


def test_a_damaged_file_is_one_clear_line(tmp_path):
    path = tmp_path / "shop.db"
    path.write_bytes(b"SQLite format 3\x00" + b"damaged" * 500)
    with pytest.raises(UserError, match=r"cannot be reached"):
        open_source(SourceSettings(url=str(path)))


@pytest.mark.parametrize(
    ("stamps", "newest"),
    [
        ([5, 100.7, 20, None], 100),
        (["2017-01-01T23:00:00+00:00", "2017-01-02T00:30:00+02:00", "2016-05-05"], 1483311600),
        (["99", "100"], 100),
        ([5, "2017-01-01"], 1483228800),
        ([], 0),
        ([None], 0),
    ],
)
def test_newest_event_time_in_every_form(tmp_path, opened, stamps, newest):
    with opened(shop(tmp_path / "shop.db", rows=[("u", "p", stamp) for stamp in stamps])) as source:
        assert source.newest_event_time() == newest


def test_a_table_may_have_many_columns(tmp_path):
    columns = ", ".join(f"c{index}" for index in range(900))
    values = ", ".join(str(index) if index % 2 else f"'v{index}'" for index in range(900))
    url = shop(tmp_path / "s.db", rows=[("u", "p", 5)])
    connection = sqlite3.connect(tmp_path / "s.db")
    connection.execute("DROP TABLE products")
    connection.execute(f"CREATE TABLE products (product_id, {columns})")
    connection.execute(f"INSERT INTO products VALUES ('p', {values})")
    connection.commit()
    connection.close()
    with open_source(SourceSettings(url=url)) as source:
        (row,) = source.read_table("products").to_pylist()
    assert len(row) == 901
    assert (row["c0"], row["c899"]) == ("v0", 899)


@pytest.mark.parametrize("arrow_native", [True, False])
def test_a_text_that_is_no_utf_8_is_named(tmp_path, arrow_native):
    url = shop(tmp_path / "s.db", rows=[("u", "p", 5)], products="product_id, x", product_rows=[("p", "a")])
    connection = sqlite3.connect(tmp_path / "s.db")
    connection.execute("UPDATE products SET x = CAST(X'75ff31' AS TEXT)")
    connection.commit()
    connection.close()
    with open_source(SourceSettings(url=url), arrow_native) as source, pytest.raises(UserError) as error:
        source.read_table("products")
    assert "`products`" in str(error.value)
    assert "UTF-8" in str(error.value)
    assert "x" in str(error.value)


def test_an_empty_query_is_refused(tmp_path):
    url = shop(tmp_path / "s.db", rows=[("u", "p", 5)])
    tables = {"products": TableMapping(query=" ; -- nothing")}
    with pytest.raises(UserError, match=r"`source.tables.products.query` is empty"):
        open_source(SourceSettings(url=url, tables=tables))
