"""One row of the live database is nobody else's trouble."""

from __future__ import annotations

import sqlite3
import time

import pytest

from schema.reading import Reading
from schema.source import open_source
from schema.source_settings import SourceSettings

NOW = int(time.time())


def shop(path, rows, columns="user_id, product_id, occurred_at"):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE products (product_id)")
    connection.execute("INSERT INTO products VALUES ('p')")
    connection.execute(f"CREATE TABLE events ({columns})")
    connection.executemany(f"INSERT INTO events VALUES ({', '.join('?' * len(rows[0]))})", rows)
    connection.commit()
    connection.close()
    return str(path)


def iso(stamp):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(stamp))


@pytest.mark.parametrize("arrow", [True, False])
@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (NOW - 100, 4_070_908_800),
        (iso(NOW - 100), "2099-01-01T00:00:00"),
        (iso(NOW - 100), "31/04/2024 12:00"),
        (iso(NOW - 100), "zzz"),
        (iso(NOW - 100), 4_070_908_800),
        (str(NOW - 100), "never"),
        ((NOW - 100) * 1000, 4_070_908_800_000),
        (NOW - 100, None),
    ],
    ids=["year 2099", "its text", "no such date", "no date", "number", "word", "milliseconds", "nothing"],
)
def test_the_clock_and_other_users_do_not_follow_one_bad_row(tmp_path, good, bad, arrow):
    url = shop(tmp_path / "s.db", [("a", "p", good), ("b", "p", bad), ("b", "p", good)])
    with open_source(SourceSettings(url=url), arrow) as source:
        assert source.newest_event_time() == NOW - 100
        assert source.user_events(["a"], 9)["occurred_at"].to_pylist() == [NOW - 100]
        assert source.user_events(["b"], 9)["occurred_at"].to_pylist() == [NOW - 100]


def test_guests_have_no_history_and_returns_are_netted(tmp_path):
    rows = [("0", "p", NOW - 9, "purchase", 1), ("guest", "p", NOW - 9, "purchase", 1)]
    rows += [("a", "p", NOW - 50, "purchase", 1), ("a", "q", NOW - 40, "purchase", 1)]
    rows += [("a", "p", NOW - 30, "purchase", -1)]
    url = shop(tmp_path / "s.db", rows, "user_id, product_id, occurred_at, event_type, quantity")
    reading = Reading(returns="net", bought=("purchase",))
    reading = reading.model_copy(update={"guests": (*reading.guests, "0")})
    with open_source(SourceSettings(url=url, reading=reading)) as source:
        assert source.user_events(["0", "guest", "GUEST"], 9).num_rows == 0
        live = source.user_events(["a"], 9, ("product_id", "event_type"))
        assert live["product_id"].to_pylist() == ["q"]


@pytest.mark.parametrize(
    "user",
    ["²", "①", "--5", "", " ", "\ud800", "nul\x00", "'; --", "%", "x" * 10_000, "1e5", "5.0", "٣"],
)
@pytest.mark.parametrize("declared", ["INTEGER", "TEXT", "REAL", "BLOB"])
def test_any_text_is_an_unknown_id(tmp_path, user, declared):
    url = shop(tmp_path / "s.db", [(7, "p", 1)], f"user_id {declared}, product_id, occurred_at")
    with open_source(SourceSettings(url=url)) as source:
        assert source.user_events([user, "7"], 9)["user_id"].to_pylist() == ["7"]
        assert source.product_rows([user]).num_rows == 0


def test_binary_keys_are_their_digits(tmp_path):
    key = bytes(range(200, 216))
    url = shop(tmp_path / "s.db", [(key, "p", 1), (b"abc", "p", 2), ("text", "p", 3)])
    with open_source(SourceSettings(url=url)) as source:
        assert source.read_events()["user_id"].to_pylist() == [key.hex(), "abc", "text"]
        for row, user in enumerate([key.hex(), "abc", "text"]):
            assert source.user_events([user], 9)["occurred_at"].to_pylist() == [row + 1]
        parts = [source.read_events(part)["user_id"].to_pylist() for part in source.partitions(3)]
        assert sorted(user for part in parts for user in part) == sorted([key.hex(), "abc", "text"])
