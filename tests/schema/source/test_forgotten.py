"""Users who are forgotten: known by a keyed hash, and read by nobody."""

import hashlib
import hmac
import json
import sqlite3

import pyarrow as pa
import pytest

from schema.errors import UserError
from schema.profiling.profile import profile_source
from schema.source import USERS, open_source
from schema.source.forgotten import Forgotten, keyed_hash, read_forgotten
from schema.source_settings import FeatureSettings, SourceSettings

KEY = "00112233445566778899aabbccddeeff"


def hash_of(user_id):
    """By the textbook: HMAC-SHA256, the first half of it."""
    return hmac.new(bytes.fromhex(KEY), user_id.encode(), hashlib.sha256).hexdigest()[:32]


def test_a_hash_is_that_of_the_canonical_form():
    assert keyed_hash("1004", bytes.fromhex(KEY)) == hash_of("1004")
    assert keyed_hash(" 1004.0 ", bytes.fromhex(KEY)) == hash_of("1004")
    assert keyed_hash("1004", b"another key") != hash_of("1004")


def test_who_is_listed_is_found_in_any_form():
    forgotten = Forgotten([hash_of("1004"), hash_of("größe 日本")], KEY)
    assert "1004" in forgotten and " 1004.00" in forgotten and "größe 日本" in forgotten
    assert "100" not in forgotten and "10040" not in forgotten
    flags = forgotten.flags(pa.chunked_array([["1004", None], ["7", "1004"]]))
    assert flags.to_pylist() == [True, False, False, True]


def test_nobody_needs_no_key():
    assert not Forgotten() and "1004" not in Forgotten()
    assert Forgotten().flags(pa.array(["1004"])).to_pylist() == [False]


@pytest.mark.parametrize(("key", "match"), [(None, "the key .* is missing"), ("zz", "hexadecimal digits")])
def test_a_list_without_its_key_is_refused(key, match):
    with pytest.raises(UserError, match=match):
        Forgotten([hash_of("1004")], key)


def test_a_damaged_list_is_named(tmp_path):
    assert read_forgotten(tmp_path) == ((), None)
    (tmp_path / "list.json").write_text('{"users": 3}')
    with pytest.raises(UserError, match=r"list\.json"):
        read_forgotten(tmp_path)
    (tmp_path / "list.json").write_text(json.dumps({"users": [{"hash": "b"}, {"hash": "a"}]}))
    (tmp_path / "key").write_text(KEY + "\n")
    assert read_forgotten(tmp_path, {"TOWERLINE_FORGET_KEY": "ff"}) == (("a", "b"), KEY)


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE users (user_id INTEGER, town TEXT)")
    connection.execute("CREATE TABLE products (product_id TEXT)")
    connection.execute("CREATE TABLE events (user_id INTEGER, product_id TEXT, occurred_at INTEGER)")
    for user in range(1, 5):
        connection.execute("INSERT INTO users VALUES (?, 'Ulm')", (user,))
        for day in range(user):
            row = (user, f"p{day}", 1_700_000_000 + 86_400 * day)
            connection.execute("INSERT INTO events VALUES (?, ?, ?)", row)
    connection.execute("INSERT INTO products VALUES ('p0')")
    connection.commit()
    return f"sqlite:///{path}"


def opened(url, *user_ids):
    settings = SourceSettings(url=url, forgotten=tuple(map(hash_of, user_ids)))
    return open_source(settings, forget_key=KEY)


def test_nothing_of_them_is_read(shop):
    with opened(shop, "4") as source:
        assert set(source.read_events()["user_id"].to_pylist()) == {"1", "2", "3"}
        assert source.read_events().num_rows == 6
        (everybody,) = source.partitions(1)
        assert source.read_events(everybody).num_rows == 6
        assert source.read_table(USERS)["user_id"].to_pylist() == ["1", "2", "3"]
        assert source.user_events(["3", "4", "4.0"], 10)["user_id"].to_pylist() == ["3"] * 3
        assert source.user_rows(["4", "1"])["user_id"].to_pylist() == ["1"]


def test_the_data_say_how_many_rows_are_left_out_and_not_whose(shop):
    with opened(shop, "4", "99") as source:
        profile = profile_source(source, FeatureSettings(), lambda *_: None)
    found = {finding.table: finding for finding in profile.findings if finding.kind == "forgotten users"}
    assert (found["events"].count, found["events"].rows_left_out) == (4, 4)
    assert found["users"].count == 1
    assert "2 on the list" in found["events"].action and not found["events"].example
    largest = next(finding for finding in profile.findings if finding.kind == "largest user")
    assert largest.example == "'3'"
    assert (profile.num_events, profile.num_users) == (6, 3)
    assert profile.newest == 1_700_000_000 + 86_400 * 2


def test_without_anybody_on_the_list_nothing_is_said(shop):
    with opened(shop) as source:
        profile = profile_source(source, FeatureSettings(), lambda *_: None)
    assert profile.num_events == 10
    assert not [finding for finding in profile.findings if finding.kind == "forgotten users"]


def test_a_database_is_not_opened_without_the_key(shop):
    with pytest.raises(UserError, match="TOWERLINE_FORGET_KEY"):
        open_source(SourceSettings(url=shop, forgotten=(hash_of("4"),)))
