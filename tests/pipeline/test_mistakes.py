"""Databases that cannot be used: one clear line, exit code 2, and nothing written."""

from __future__ import annotations

import sqlite3
import time

import pytest

from pipeline import cli

DAY = 86_400


@pytest.fixture
def shop(tmp_path, write_checkerboard, monkeypatch):
    """A database in an otherwise empty folder, which is the current one."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    write_checkerboard(folder / "shop.db", num_users=12, num_products=8, days=60)
    return folder / "shop.db"


def change(shop, *statements):
    connection = sqlite3.connect(shop)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def mistake(capfd, *arguments):
    """Runs the pipeline, checks how it ends, and returns the line."""
    code = cli.main(["run", *arguments])
    shown = capfd.readouterr()
    assert (code, shown.out) == (2, ""), shown.err
    assert shown.err.endswith("\n") and len(shown.err.splitlines()) == 1, shown.err
    assert shown.err.startswith("towerline: ")
    return shown.err


def test_no_such_database(shop, capfd):
    assert "absent.db" in mistake(capfd, "--source", "sqlite:///absent.db")
    assert "absent" in mistake(capfd, "--source", "absent/folder")
    assert [path.name for path in shop.parent.iterdir()] == ["shop.db"]


NEW_EVENTS = "CREATE TABLE events (user_id TEXT, product_id TEXT, occurred_at TEXT)"
TOMORROW = int(time.time()) + 3 * DAY


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["ALTER TABLE events RENAME TO event"], ["`events`", "`event`"]),
        (["DROP TABLE products"], ["`products`"]),
        (["ALTER TABLE events RENAME COLUMN occurred_at TO occured_at"], ["occurred_at", "occured_at"]),
        (["ALTER TABLE products RENAME COLUMN product_id TO sku"], ["`product_id`", "products"]),
        (["DELETE FROM events"], ["events", "empty"]),
        (["DELETE FROM products"], ["products", "empty"]),
        (["UPDATE events SET occurred_at = '2023-11-01T12:00:00'"], ["every event is on one day"]),
        (["UPDATE events SET occurred_at = 'last week' WHERE rowid = 7"], ["occurred_at", "last week"]),
        (["UPDATE events SET occurred_at = NULL WHERE rowid = 7"], ["occurred_at"]),
        (["UPDATE events SET product_id = NULL WHERE rowid = 3"], ["events", "product_id"]),
        (
            [
                "CREATE TABLE other AS SELECT * FROM products",
                "DROP TABLE products",
                "ALTER TABLE other RENAME TO products",
                "INSERT INTO products SELECT * FROM products WHERE product_id = 'p3'",
            ],
            ["products", "product_id", "p3"],
        ),
        ([f"UPDATE events SET occurred_at = {TOMORROW} WHERE rowid = 9"], ["events", "occurred_at"]),
    ],
)
def test_databases_that_cannot_be_used(shop, capfd, statements, expected):
    change(shop, *statements)
    line = mistake(capfd, "--source", "sqlite:///shop.db")
    assert [text for text in expected if text not in line] == [], line
    assert "Remedy" in line
    assert [path.name for path in shop.parent.iterdir()] == ["shop.db"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--set", "split.eval_window=55d"], ["no training data", "split.eval_window"]),
        (["--set", "baselines.systems=[]"], ["baselines.systems"]),
        (["--set", "split.eval_windw=5d"], ["split.eval_windw", "Did you mean `split.eval_window`"]),
        (["--set", "metadata.url=oracle://a:b@c/d"], ["metadata.url", "sqlite:///"]),
        (["--set", "source.tables.events=transactions"], ["transactions", "events"]),
        (["--workdir", "/proc/towerline"], ["--workdir /proc/towerline"]),
        (["--workdir", "shop.db"], ["shop.db"]),
        (["--set", "features.users.age=color"], ["features.users.age"]),
        (["--set", "features.users.height=number"], ["height"]),
    ],
)
def test_configurations_that_cannot_be_used(shop, capfd, arguments, expected):
    line = mistake(capfd, "--source", "sqlite:///shop.db", *arguments)
    assert [text for text in expected if text not in line] == [], line
    assert [path.name for path in shop.parent.iterdir()] == ["shop.db"]
