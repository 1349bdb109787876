"""A shop whose newest days come one by one."""

import sqlite3

import pytest

from benchmarks.replay.shop import Bought, ReplayedShop
from schema.errors import UserError

ROWS = [
    ("u1", "a", "2017-12-01T10:00:00"),
    ("u2", "b", "2017-12-02T23:59:59"),
    ("u1", "c", "2017-12-03T00:00:00"),
    ("u1", "a", "2017-12-03T09:00:00"),
    ("u1", "c", "2017-12-03T10:00:00"),
    ("u2", "c", "2017-12-04T08:00:00"),
]


@pytest.fixture
def path(tmp_path):
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute("CREATE TABLE events (user_id TEXT, product_id TEXT, occurred_at TEXT)")
    connection.executemany("INSERT INTO events VALUES (?, ?, ?)", ROWS)
    connection.commit()
    connection.close()
    return tmp_path / "shop.db"


def left(path):
    with sqlite3.connect(path) as connection:
        return [tuple(row) for row in connection.execute("SELECT * FROM events ORDER BY occurred_at")]


def test_days_are_held_back_and_come(path):
    shop = ReplayedShop(path, 2)
    assert left(path) == ROWS[:2] and shop.sold_before == {"a", "b"}
    assert shop.midnight(0) == 1_512_259_200  # 2017-12-03
    assert shop.bought(0) == [Bought("u1", ("c", "a"))] and shop.bought(1) == [Bought("u2", ("c",))]
    assert shop.bought_before(["u1", "u2", "u3"]) == {"u1": {"a"}, "u2": {"b"}, "u3": set()}
    shop.let_pass(0)
    assert left(path) == ROWS[:5] and shop.bought_before(["u1"]) == {"u1": {"a", "c"}}
    shop.let_pass(1)
    assert left(path) == ROWS


def test_some_days_must_be_left(path):
    with pytest.raises(UserError, match="must leave days before them"):
        ReplayedShop(path, 4)
