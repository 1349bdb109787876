"""The database as the server asks it: users who were deleted are not known any more."""

import sqlite3
import threading
import time

import pytest

from schema.errors import UserError
from schema.source import open_source
from schema.source_settings import SourceSettings
from serving.database.shop import Clock, Shop


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE users (user_id, age)")
    connection.execute("INSERT INTO users VALUES ('row', 5), ('both', 6)")
    connection.execute("CREATE TABLE products (product_id)")
    connection.execute("INSERT INTO products VALUES ('p')")
    connection.execute("CREATE TABLE events (user_id, product_id, occurred_at)")
    connection.execute("INSERT INTO events VALUES ('both', 'p', 100), ('events', 'p', 200)")
    connection.commit()
    connection.close()
    return path


def change(path, statement):
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def shop(path):
    return Shop(lambda: open_source(SourceSettings(url=str(path))), 0.0)


def test_users_are_known_by_a_row_or_an_event(database):
    assert shop(database).known_users(["row", "stranger", "events", "both"]) == ["row", "events", "both"]


def test_users_who_were_deleted_are_not_known(database):
    open_shop = shop(database)
    assert open_shop.known_users(["both", "events"]) == ["both", "events"]
    change(database, "DELETE FROM events WHERE user_id = 'events'")
    assert open_shop.known_users(["both", "events"]) == ["both"]
    change(database, "DELETE FROM users WHERE user_id = 'both'")
    assert open_shop.known_users(["both"]) == ["both"]  # events of theirs are left
    change(database, "DELETE FROM events")
    assert open_shop.known_users(["both"]) == []


def test_a_database_that_is_away_is_an_error_and_then_asked_again(database):
    open_shop = shop(database)
    away = database.rename(database.with_suffix(".away"))
    with pytest.raises(UserError, match="No such database file"):
        open_shop.known_users(["both"])
    away.rename(database)
    assert open_shop.known_users(["both"]) == ["both"]


def until(condition):
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    assert condition()


def test_an_answer_is_remembered():
    asked = []
    clock = Clock(lambda: asked.append(1) or 7, seconds=3600)
    assert (clock.now(), clock.now()) == (7, 7) and len(asked) == 1


def test_the_old_moment_is_given_while_the_new_one_is_read_once():
    gate, moments, readers = threading.Event(), iter((1, 2)), []

    def read():
        readers.append(threading.current_thread())
        moment = next(moments)
        if moment > 1:
            gate.wait(10)
        return moment

    clock = Clock(read, seconds=0)
    assert clock.now() == 1 and readers == [threading.current_thread()]
    assert [clock.now() for _ in range(3)] == [1, 1, 1]
    gate.set()
    until(lambda: clock._known[1] == 2)
    assert len(readers) == 2 and readers[1] is not threading.current_thread()


def test_whoever_asks_after_a_failure_is_told_of_it_and_then_it_goes_on():
    away, failures = threading.Event(), []

    def read():
        if away.is_set():
            failures.append(1)
            raise UserError("away")
        return 3

    with pytest.raises(UserError):
        away.set()
        Clock(read, seconds=0).now()
    away.clear()
    clock = Clock(read, seconds=0)
    assert clock.now() == 3
    away.set()
    assert clock.now() == 3
    until(lambda: len(failures) == 2)
    until(lambda: clock._known is None)
    with pytest.raises(UserError, match="away"):
        clock.now()
    away.clear()
    assert clock.now() == 3
