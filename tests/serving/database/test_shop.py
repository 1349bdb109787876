"""The database as the server asks it: users who were deleted are not known any more."""

import sqlite3

import pytest

from schema.errors import UserError
from schema.source import open_source
from schema.source_settings import SourceSettings
from serving.database.shop import Shop


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
