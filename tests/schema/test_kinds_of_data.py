"""What the profile of a whole database says of dirty data: each kind with its count and what was done."""

from __future__ import annotations

import sqlite3

import pytest

from schema.errors import UserError
from schema.profiling.profile import profile_source
from schema.source import open_source
from schema.source_settings import EventSettings, FeatureSettings, SourceSettings

NOW = 1_700_000_000
DAY = 86_400


def write(path, events, columns="user_id, product_id, occurred_at", users=(), products=("p0", "p1", "p2")):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE products (product_id)")
    connection.executemany("INSERT INTO products VALUES (?)", [(product,) for product in products])
    if users:
        connection.execute("CREATE TABLE users (user_id)")
        connection.executemany("INSERT INTO users VALUES (?)", [(user,) for user in users])
    connection.execute(f"CREATE TABLE events ({columns})")
    marks = ", ".join("?" * (columns.count(",") + 1))
    connection.executemany(f"INSERT INTO events VALUES ({marks})", events)
    connection.commit()
    connection.close()
    return str(path)


def ordinary(num_users=30, each=10, start=NOW - 100 * DAY):
    return [
        (f"u{user}", f"p{step % 3}", start + (user + step * 9) * 3600)
        for user in range(num_users)
        for step in range(each)
    ]


def profiled(url, events=None, **source_settings):
    """The profile and its findings by kind, and the events that are read after it."""
    with open_source(SourceSettings(url=url, **source_settings)) as source:
        found = profile_source(source, FeatureSettings(), lambda *_: None, NOW, events)
        used = source.read_events()
    assert found.num_events == used.num_rows
    left_out = sum(f.rows_left_out for f in found.findings if f.table == "events")
    assert found.num_rows == found.num_events + left_out  # in = used + reported
    return found, {finding.kind: finding for finding in found.findings}, used


@pytest.mark.parametrize(
    "guest", ["NULL", "null", "guest", "-1", "", None, "00000000-0000-0000-0000-000000000000"]
)
def test_placeholders_are_no_users(tmp_path, guest):
    rows = ordinary() + [(guest, "p1", NOW - DAY)] * 7
    found, findings, used = profiled(write(tmp_path / "s.db", rows))
    assert found.num_users == 30
    assert (findings["guests"].count, findings["guests"].severity) == (7, "warning")
    assert guest not in used["user_id"].to_pylist()


def test_zero_is_a_guest_where_it_is_no_user_of_the_table(tmp_path):
    rows = [(0, "p1", NOW - DAY)] * 3 + [(1 + n % 5, "p0", NOW - n * DAY) for n in range(1, 40)]
    _, findings, used = profiled(write(tmp_path / "a.db", rows, users=range(1, 6)))
    assert findings["guests"].count == 3
    assert "0" not in used["user_id"].to_pylist()
    _found, findings, used = profiled(write(tmp_path / "b.db", rows, users=range(6)))
    assert "guests" not in findings
    assert used["user_id"].to_pylist().count("0") == 3


def test_an_id_with_an_outlying_share_is_nobody_unless_guests_are_listed(tmp_path):
    rows = ordinary() + [("walk-in", "p1", NOW - row * 60) for row in range(250)]
    url = write(tmp_path / "s.db", rows)
    found, findings, _ = profiled(url)
    assert findings["guests"].example == "'walk-in' (250)"
    assert found.num_events == 300
    found, findings, _ = profiled(url, guests=())
    assert "guests" not in findings
    assert found.num_events == 550
    assert found.shares["top_user"] == pytest.approx(250 / 550)


def test_returns_are_netted_and_counted(tmp_path):
    rows = [(user, product, stamp, "purchase", 1) for user, product, stamp in ordinary()]
    rows += [(f"u{user}", "gadget", NOW - 9 * DAY, "purchase", 1) for user in range(30)]
    rows += [(f"u{user}", "gadget", NOW - 5 * DAY, "purchase", -1) for user in range(30)]
    columns = "user_id, product_id, occurred_at, event_type, quantity"
    url = write(tmp_path / "s.db", rows, columns)
    _, findings, used = profiled(url)
    assert "gadget" not in used["product_id"].to_pylist()
    assert (findings["returns"].count, findings["returns"].rows_left_out) == (30, 60)
    _found, findings, used = profiled(url, EventSettings(returns="ignore"))
    assert used["product_id"].to_pylist().count("gadget") == 30
    _found, findings, used = profiled(url, EventSettings(returns="count"))
    assert used["product_id"].to_pylist().count("gadget") == 60
    assert findings["negative quantities"].count == 30


def test_weights_in_force_are_told_and_unknown_types_weigh_nothing(tmp_path):
    types = ["Orders", "clicks", "add_to_cart", "swoosh"]
    rows = [(*row, types[index % 4]) for index, row in enumerate(ordinary())]
    found, findings, _ = profiled(
        write(tmp_path / "s.db", rows, "user_id, product_id, occurred_at, event_type")
    )
    assert found.weights == {"Orders": 1.0, "clicks": 0.0, "add_to_cart": 0.0, "swoosh": 0.0}
    assert findings["type of event: Orders"].action == "weight 1 as a target"
    assert findings["type of event: swoosh"].severity == "warning"
    assert findings["type of event: clicks"].severity == "info"


def test_an_empty_type_among_others_is_no_purchase(tmp_path):
    rows = [(*row, None if index % 10 == 0 else "purchase") for index, row in enumerate(ordinary())]
    columns = "user_id, product_id, occurred_at, event_type"
    found, findings, used = profiled(write(tmp_path / "s.db", rows, columns))
    assert used["event_type"].to_pylist().count("unknown") == 30
    assert found.weights == {"purchase": 1.0, "unknown": 0.0}
    assert findings["type of event: unknown"].severity == "warning"


def test_a_column_of_empty_types_says_nothing(tmp_path):
    rows = [(*row, None) for row in ordinary()]
    found, _, used = profiled(write(tmp_path / "s.db", rows, "user_id, product_id, occurred_at, event_type"))
    assert set(used["event_type"].to_pylist()) == {"purchase"}
    assert found.weights == {"purchase": 1.0}


@pytest.mark.parametrize(
    ("factor", "unit"), [(10**3, "milliseconds"), (10**6, "microseconds"), (10**9, "nanoseconds")]
)
def test_units_of_stamps_are_told_by_their_size(tmp_path, factor, unit):
    rows = [(user, product, stamp * factor + 5) for user, product, stamp in ordinary()]
    found, findings, _ = profiled(write(tmp_path / "s.db", rows))
    assert found.newest == max(stamp for _, _, stamp in ordinary())
    assert findings[f"stamps in another unit: {unit}"].count == 300


def test_units_may_not_be_mixed(tmp_path):
    rows = [*ordinary(), ("u1", "p1", (NOW - DAY) * 1000)]
    with pytest.raises(UserError, match=r"column `occurred_at`, row 1: stamps must all be of one unit"):
        profiled(write(tmp_path / "s.db", rows))


@pytest.mark.parametrize(
    ("stamp", "told"),
    [
        (20240115, "YYYYMMDD.*2024-01-15"),
        (20240115103000, "YYYYMMDDHHMMSS.*2024-01-15T10:30:00"),
        (202401151030, "YYYYMMDDHHMMSS.*2024-01-15T10:30:00"),
        ("20240115", "YYYYMMDD"),
        (45306, "Excel"),
        (45306.25, "Excel"),
        (2460325.5, "Julian"),
    ],
)
def test_numbers_of_days_are_refused_with_the_conversion(tmp_path, stamp, told):
    rows = [(user, product, stamp) for user, product, _ in ordinary()]
    with pytest.raises(UserError, match=told):
        profiled(write(tmp_path / "s.db", rows))


def test_one_event_of_the_year_1_is_left_out(tmp_path):
    rows = [*ordinary(), ("u1", "p1", "0001-01-01")]
    rows = [(user, product, stamp) for user, product, stamp in rows]
    found, findings, used = profiled(write(tmp_path / "s.db", rows))
    assert findings["outlying stamps"].count == 1
    assert found.oldest == min(stamp for _, _, stamp in ordinary())
    assert used.num_rows == 300


def test_repeats_of_any_share_are_counted(tmp_path):
    rows = ordinary()
    found, findings, _ = profiled(write(tmp_path / "s.db", rows + rows[:5]))
    assert findings["repeated rows"].count == 5
    assert found.shares["repeats"] == pytest.approx(5 / 305)


def test_forms_of_ids_are_told(tmp_path):
    rows = [(f"{user} " if user == "u1" else user, product, stamp) for user, product, stamp in ordinary()]
    found, findings, _used = profiled(write(tmp_path / "s.db", rows))
    assert found.num_users == 30
    assert findings["ids in another form"].count == 10
    assert findings["ids in another form"].example == "row 11: 'u1 ' is 'u1'"
    assert found.reading.irregular == ("events",)


def test_forms_of_ids_meet_live_and_in_ranges(tmp_path):
    rows = [
        (f" {user}" if step % 2 else user, product, stamp)
        for step, (user, product, stamp) in enumerate(ordinary())
    ]
    url = write(tmp_path / "s.db", rows)
    found, _, _ = profiled(url)
    with open_source(SourceSettings(url=url, reading=found.reading)) as source:
        assert source.user_events(["u3"], 50).num_rows == 10
        parts = [set(source.read_events(part)["user_id"].to_pylist()) for part in source.partitions(4)]
    assert len(parts) == 4
    assert sorted(user for part in parts for user in part) == sorted({f"u{n}" for n in range(30)})


def test_products_of_the_future_are_told(tmp_path):
    url = write(tmp_path / "s.db", ordinary())
    connection = sqlite3.connect(url)
    connection.execute("ALTER TABLE products ADD created_at")
    connection.execute("UPDATE products SET created_at = '2099-01-01' WHERE product_id = 'p1'")
    connection.execute("UPDATE products SET created_at = '0000-00-00' WHERE product_id = 'p2'")
    connection.commit()
    connection.close()
    _, findings, _ = profiled(url)
    assert findings["created in the future"].count == 1
    assert findings["created in the future"].example == "row 2: 2099-01-01 00:00:00 UTC"


def with_numbers(path, quantity, price):
    rows = [(*row, quantity(index), price(index)) for index, row in enumerate(ordinary())]
    return write(path / "s.db", rows, "user_id, product_id, occurred_at, quantity, price")


def test_a_quantity_of_0_and_a_price_below_0_are_told(tmp_path):
    url = with_numbers(tmp_path, lambda index: int(index > 6), lambda index: -1 if index == 9 else 2.5)
    found, findings, _ = profiled(url)
    assert (findings["quantity 0"].count, findings["quantity 0"].example) == (7, "row 1")
    assert (findings["price below 0"].count, findings["price below 0"].example) == (1, "row 10")
    assert found.num_events == 300


def test_words_for_a_missing_number_are_missing(tmp_path):
    url = with_numbers(tmp_path, lambda index: 2, lambda index: "n/a" if index < 4 else 2.5)
    _, findings, used = profiled(url)
    assert findings["words for a missing value"].count == 4
    assert used["price"].null_count == 4


def test_a_shop_of_returns_only_is_refused(tmp_path):
    url = with_numbers(tmp_path, lambda index: -1, lambda index: 2.5)
    with pytest.raises(UserError, match=r"no event that can be used. Received: 300 rows, .* 300 returns"):
        profiled(url)


def test_ids_that_are_spelled_otherwise_in_every_row_are_refused(tmp_path):
    rows = [(f"00{user[1:]}", product, stamp) for user, product, stamp in ordinary()]
    _, findings, _ = profiled(write(tmp_path / "s.db", rows, users=range(1, 30)))
    assert findings["ids spelled in two ways"].severity == "error"
    assert findings["ids spelled in two ways"].count == 29
