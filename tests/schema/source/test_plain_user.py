"""Rows that are read at once are those of the way that understands every form; others are left to it."""

import sqlite3
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.features import FeatureColumn, FeatureSet, Kind
from schema.reading import Reading
from schema.source import open_source
from schema.source_settings import SourceSettings
from serving.database.live_history import LiveHistory

NOW = int(time.time())
FEATURES = FeatureSet(
    users=(
        FeatureColumn(name="city", kind=Kind.CATEGORY, type="text"),
        FeatureColumn(name="age", kind=Kind.NUMBER, type="integer"),
        FeatureColumn(name="spent", kind=Kind.NUMBER, type="real"),
    )
)


def shop(path, events, users=(), columns="user_id, product_id, occurred_at, event_type, quantity"):
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("CREATE TABLE products (product_id)")
    connection.execute("CREATE TABLE users (user_id, city, age, spent)")
    connection.executemany("INSERT INTO users VALUES (?, ?, ?, ?)", users)
    connection.execute(f"CREATE TABLE events ({columns})")
    marks = ", ".join("?" * len(columns.split(",")))
    connection.executemany(f"INSERT INTO events VALUES ({marks})", events)
    connection.commit()
    connection.close()
    return str(path)


def read(url, user_id, limit=20, reading=None):
    """What the plain way gives, and what the other one gives."""
    with open_source(SourceSettings(url=url, reading=reading)) as source:
        plain = source.plain_user()
        table = source.user_events([user_id], limit, ("product_id", "occurred_at", "event_type"))
        whole = [table[name].to_pylist() for name in ("product_id", "occurred_at", "event_type")]
        found = plain.events(user_id, limit)
        return None if found is None else [list(values) for values in found], whole


def test_texts_and_numbers_are_read_at_once(tmp_path):
    rows = [
        ("a", "p1", "2024-05-02T10:00:00", "purchase", 1),
        ("a", "p2", "2024-05-01 10:00:00", "view", 1),
        ("b", "p3", "2024-05-01 10:00:00", "view", 1),
        ("a", "p2", "2024-05-02", "view", 1),
    ]
    url = shop(tmp_path / "shop.db", rows)
    times = [1714557600, 1714608000, 1714644000]
    assert read(url, "a")[0] == [["p2", "p2", "p1"], times, ["view", "view", "purchase"]]
    assert read(url, "a", limit=2)[0] == [["p2", "p1"], times[1:], ["view", "purchase"]]
    assert read(url, "nobody")[0] == [[], [], []]
    assert read(url, "guest")[0] == [[], [], []]


def test_events_of_one_moment_stay_in_the_order_of_the_table(tmp_path):
    rows = [(7, number, 1_700_000_000 - number // 5, "view", 1) for number in range(20)]
    plain, whole = read(shop(tmp_path / "shop.db", rows), "7")
    assert plain == whole
    assert plain[0][:5] == ["15", "16", "17", "18", "19"]


def test_without_types_all_are_purchases(tmp_path):
    url = shop(tmp_path / "shop.db", [("a", "p", NOW)], columns="user_id, product_id, occurred_at")
    assert read(url, "a")[0] == [["p"], [NOW], ["purchase"]]


@pytest.mark.parametrize(
    "row",
    [
        ("a", None, NOW, "view", 1),
        ("a", "", NOW, "view", 1),
        ("a", 2.0, NOW, "view", 1),
        ("a", b"p", NOW, "view", 1),
        ("a", "p", None, "view", 1),
        ("a", "p", "soon", "view", 1),
        ("a", "p", NOW + 10**6, "view", 1),
        ("a", "p", NOW * 1000, "view", 1),
        ("a", "p", 20240531, "view", 1),
        ("a", "p", NOW, 5, 1),
        (b"a", "p", NOW, "view", 1),
    ],
)
def test_what_is_not_plain_is_left_to_the_other_way(tmp_path, row):
    assert read(shop(tmp_path / "shop.db", [("a", "p", NOW, "view", 1), row]), "a")[0] is None


def test_returns_are_left_to_the_other_way(tmp_path):
    reading = Reading(returns="net", bought=("purchase",), returned=("return",))
    bought = ("a", "p", NOW - 9, "purchase", 1)
    for row in (("a", "p", NOW, "purchase", -1), ("a", "p", NOW, "return", 1), ("a", "p", NOW, "view", "1")):
        assert read(shop(tmp_path / "shop.db", [bought, row]), "a", reading=reading)[0] is None
    assert read(shop(tmp_path / "shop.db", [bought]), "a", reading=reading)[0] == [
        ["p"],
        [NOW - 9],
        ["purchase"],
    ]


def test_events_before_the_time_of_the_shop_are_left_to_the_other_way(tmp_path):
    url = shop(tmp_path / "shop.db", [("a", "p", 10**9 + 5, "view", 1), ("a", "q", NOW, "view", 1)])
    assert read(url, "a", reading=Reading(earliest=10**9 + 6))[0] is None
    assert read(url, "a", reading=Reading(earliest=10**9 + 5))[0] is not None


def test_a_folder_is_read_the_other_way(tmp_path):
    (tmp_path / "products.csv").write_text("product_id\np\n")
    (tmp_path / "events.csv").write_text(f"user_id,product_id,occurred_at\na,p,{NOW}\n")
    plain, whole = read(str(tmp_path), "a")
    assert plain is None
    assert whole == [["p"], [NOW], ["purchase"]]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (("a", "Ulm", 30, 1.5), [{"city": "Ulm", "age": 30, "spent": 1.5}]),
        (("a", None, None, 2), [{"city": None, "age": None, "spent": 2.0}]),
        (("b", "Ulm", 30, 1.5), []),
        (("a", 5, 30, 1.5), None),
        (("a", "Ulm", "30", 1.5), None),
        (("a", "Ulm", 30.0, 1.5), None),
    ],
)
def test_rows_of_users(tmp_path, row, found):
    types = {"city": "text", "age": "integer", "spent": "real", "absent": "text"}
    with open_source(SourceSettings(url=shop(tmp_path / "shop.db", [], [row]))) as source:
        assert source.plain_user().rows("a", types) == found
        assert source.plain_user().rows("a", types | {"age": None}) is None


_IDS = st.sampled_from(["7", "7.0", 7, 7.0, " 7", b"7", "a", "A", "guest", None])
_PRODUCTS = st.sampled_from(["p", " p", "42", 42, 42.0, "", None, b"p", "4.0"])
_STAMPS = st.sampled_from(
    [
        NOW - 5,
        0,
        -1,
        5,
        10**9,
        10**12,
        None,
        "2024-05-01",
        "2024-05-01T00:00:00",
        "2024-02-31",
        str(10**9),
        1e9,
        "",
    ]
)
_TYPES = st.sampled_from(["view", "purchase", " view", "", None, 3])
_QUANTITIES = st.sampled_from([1, 2.5, -1, None, "1"])


@settings(max_examples=60, deadline=None)
@given(
    events=st.lists(st.tuples(_IDS, _PRODUCTS, _STAMPS, _TYPES, _QUANTITIES), max_size=6),
    users=st.lists(
        st.tuples(_IDS, st.sampled_from(["x", 1, None]), st.sampled_from([1, "1", 1.5]), st.just(2)),
        max_size=2,
    ),
    user=st.sampled_from(["7", "7.0", "a", "guest"]),
    returns=st.sampled_from(["count", "net"]),
)
def test_any_rows_give_the_same_question(tmp_path_factory, events, users, user, returns):
    url = shop(tmp_path_factory.getbasetemp() / "any.db", events, users)
    reading = Reading(returns=returns, bought=("purchase",))
    with open_source(SourceSettings(url=url, reading=reading)) as source:
        history = LiveHistory(source, FEATURES, 4, NOW)
        # A second user keeps the first one from the plain way.
        queries, known = history.queries([user, "somebody else"])
        assert history.queries([user]) == (queries[:1], known[:1])
