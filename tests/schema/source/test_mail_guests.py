"""What is done with guests who are told apart by the hash of their mail address."""

from __future__ import annotations

import sqlite3

import pytest

from schema.errors import ConfigurationError, UserError
from schema.profiling.profile import profile_source
from schema.source import open_source
from schema.source.guests import of_mail_guests
from schema.source_settings import FeatureSettings, SourceSettings

DAY = 86_400
START = 1_690_000_000


@pytest.fixture
def url(tmp_path):
    """Three users with four events each; guest a with three, one of them returned, and guest b with one."""
    rows = [(f"u{n % 3}", f"p{n % 4}", START + n * DAY, 1) for n in range(12)]
    rows += [("guest-a", f"p{n}", START + n * DAY, 1) for n in range(3)] + [("guest-b", "p9", START, 1)]
    rows += [("guest-a", "p2", START + 5 * DAY, -1), (None, "p1", START, 1)]
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute("CREATE TABLE products (product_id TEXT, colour TEXT)")
    connection.executemany("INSERT INTO products VALUES (?, ?)", [(f"p{n}", "red") for n in range(10)])
    connection.execute(
        "CREATE TABLE events (user_id TEXT, product_id TEXT, occurred_at INTEGER, quantity REAL)"
    )
    connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return f"sqlite:///{tmp_path / 'shop.db'}"


def look(url, treatment):
    tables = {"events": {"guests": treatment}} if treatment else {}
    with open_source(SourceSettings.parse({"url": url, "tables": tables})) as source:
        profile = profile_source(source, FeatureSettings(), lambda *_: None)
        users = set(source.read_events()["user_id"].to_pylist())
        asked = source.user_events(["guest-b", "u1"], 10)["user_id"].to_pylist()
        sold = source.settled_events(None, of_mail_guests).events["product_id"].to_pylist()
    (finding,) = [found for found in profile.findings if found.kind == "guests by mail"]
    assert finding.count == 5 and finding.example == "2 guests"
    (nobody,) = [found for found in profile.findings if found.kind == "guests"]
    assert nobody.count == 1
    return profile, users, asked, sorted(sold), finding


@pytest.mark.parametrize("treatment", [None, "by mail hash"])
def test_they_are_users_of_their_own(url, treatment):
    profile, users, asked, sold, finding = look(url, treatment)
    assert users == {"u0", "u1", "u2", "guest-a", "guest-b"} and "guest-b" in asked and sold == []
    assert (profile.num_users, profile.num_events, finding.rows_left_out) == (5, 15, 0)
    assert finding.action.startswith("by mail hash: users of their own")


def test_they_are_left_out(url):
    profile, users, asked, sold, finding = look(url, "drop")
    assert users == {"u0", "u1", "u2"} and set(asked) == {"u1"} and sold == []
    assert (profile.num_users, profile.num_events, finding.rows_left_out) == (3, 12, 5)
    assert finding.action == "drop: the rows (27.8%) are left out"


def test_they_count_for_popularity_only(url):
    profile, users, asked, sold, finding = look(url, "count for popularity only")
    assert users == {"u0", "u1", "u2"} and set(asked) == {"u1"}
    assert sold == ["p0", "p1", "p9"]  # what came back was not sold
    assert (profile.num_users, profile.num_events, finding.rows_left_out) == (3, 12, 5)
    assert "count as sales of their products, in no history" in finding.action


def test_only_events_have_guests(url):
    settings = SourceSettings.parse({"url": url, "tables": {"users": {"guests": "drop"}}})
    with pytest.raises(UserError, match=r"`source.tables.users.guests` has no meaning.*events"):
        open_source(settings)


def test_settings_that_have_travelled_say_the_same(url):
    tables = {"users": {"table": "events"}, "events": {"guests": "drop"}}
    settings = SourceSettings.parse({"url": url, "tables": tables})
    with open_source(SourceSettings.from_json(settings.to_json())) as source:
        assert set(source.read_events()["user_id"].to_pylist()) == {"u0", "u1", "u2"}


def test_another_treatment_is_an_error():
    with pytest.raises(ConfigurationError, match=r"tables\.events\.guests.*by mail hash.*drop"):
        SourceSettings.parse({"tables": {"events": {"guests": "ask"}}})
