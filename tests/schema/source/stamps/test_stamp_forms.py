from __future__ import annotations

import datetime
import sqlite3

import pyarrow as pa
import pytest

from schema.errors import UserError
from schema.source import open_source
from schema.source.stamps.stamp_forms import StampForm, check_form, to_utc
from schema.source_settings import SourceSettings, TableMapping


def written(values, timezone=None, format=None, kind=None):
    return to_utc(pa.array(values, kind), StampForm(timezone, format)).to_pylist()


@pytest.mark.parametrize(
    ("format", "value", "expected"),
    [
        ("rfc2822", "Mon, 23 Sep 2024 14:21:24 +0200", "2024-09-23T14:21:24+0200"),
        ("RFC 2822", "3 Feb 2024 01:02 GMT", "2024-02-03T01:02:00Z"),
        ("%d.%m.%Y", "5.9.2024", "2024-09-05T00:00:00"),
        ("%d.%m.%Y %H:%M", " 05.09.2024 07:08 ", "2024-09-05T07:08:00"),
        ("%m/%d/%y %I:%M %p", "09/23/24 12:21 am", "2024-09-23T00:21:00"),
        ("%m/%d/%y %I:%M %p", "09/23/99 2:21 PM", "1999-09-23T14:21:00"),
        ("%d-%b-%Y", "17-December-2024", "2024-12-17T00:00:00"),
        ("%Y%m%d", "20241231", "2024-12-31T00:00:00"),
        ("%d.%m.%Y", "2024-01-02T03:04:05", "2024-01-02T03:04:05"),
        ("%d.%m.%Y", "yesterday", "yesterday"),
        ("%d/%m/%Y", "08/15/2024", "08/15/2024"),
        ("%d.%m.%Y %H:%M", "05.09.2024 25:00", "05.09.2024 25:00"),
    ],
)
def test_formats_become_iso(format, value, expected):
    assert written([value, None], format=format) == [expected, None]


def test_a_zone_moves_stamps_that_name_none():
    values = [
        "2024-06-01 12:00:00.9",
        "2024-01-01T12:00",
        "2024-06-01",
        "2024-06-01T12:00:00Z",
        "2024-06-01 12:00:00+05:00",
        "0000-00-00",
        "1717236000",
        None,
    ]
    assert written(values, "Europe/Paris") == [
        "2024-06-01T10:00:00Z",
        "2024-01-01T11:00:00Z",
        "2024-05-31T22:00:00Z",
        "2024-06-01T12:00:00Z",
        "2024-06-01 12:00:00+05:00",
        "0000-00-00",
        "1717236000",
        None,
    ]


def test_hours_that_come_twice_or_never():
    twice, never = "2024-10-27 02:30:00", "2024-03-31 02:30:00"
    assert written([twice, never], "Europe/Paris") == ["2024-10-27T00:30:00Z", "2024-03-31T01:00:00Z"]


def test_typed_stamps():
    noon = datetime.datetime(2024, 6, 1, 12)
    moved = to_utc(pa.array([noon], pa.timestamp("us")), StampForm("Europe/Paris"))
    assert moved.cast(pa.int64()).to_pylist() == [1_717_236_000_000_000]
    zoned = pa.array([noon], pa.timestamp("s", "UTC"))
    assert to_utc(zoned, StampForm("Europe/Paris")).equals(zoned)
    assert written([1_717_236_000], "Europe/Paris") == [1_717_236_000]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (StampForm("Mars/Base"), r"Time zone 'Mars/Base' is unknown \(`t.timezone` or `source.timezone`\)"),
        (StampForm(None, "%d.%m.%Q"), r"`t.format`: %Q is no known directive"),
        (StampForm(None, "%H:%M"), r"`t.format`: a day, month and year must be in the format"),
    ],
)
def test_unknown_zones_and_formats(form, message):
    with pytest.raises(UserError, match=message):
        check_form(form, "t")


@pytest.fixture
def shop(tmp_path):
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.executescript(
        "CREATE TABLE events (user_id TEXT, product_id TEXT, occurred_at TEXT);"
        "INSERT INTO events VALUES ('u', 'a', '31.12.2023 01:00'), ('u', 'b', '01.06.2024 12:00');"
        "CREATE TABLE products (product_id TEXT, created_at TEXT);"
        "INSERT INTO products VALUES ('a', '2024-01-01 00:00:00'), ('b', NULL);"
    )
    connection.commit()
    connection.close()
    return f"sqlite:///{tmp_path / 'shop.db'}"


def test_a_mapping_says_how_stamps_are_written(shop):
    settings = SourceSettings(
        url=shop,
        timezone="Europe/Paris",
        tables={
            "events": TableMapping(format="%d.%m.%Y %H:%M"),
            "products": TableMapping(timezone="America/New_York"),
        },
    )
    with open_source(settings) as source:
        assert source.read_events()["occurred_at"].to_pylist() == [1_703_980_800, 1_717_236_000]
        assert source.newest_event_time() == 1_717_236_000
        assert source.read_table("products")["created_at"].to_pylist() == [1_704_085_200, None]


@pytest.mark.parametrize("server", ["postgres_url", "mysql_url"])
def test_zones_of_servers(request, server):
    from sqlalchemy import create_engine

    url = request.getfixturevalue(server)
    driver = url.replace("postgresql:", "postgresql+psycopg:").replace("mysql:", "mysql+pymysql:")
    engine = create_engine(driver)
    zoned = "timestamptz" if "postgres" in server else "timestamp"
    local = "timestamp" if "postgres" in server else "datetime"
    with engine.begin() as connection:
        execute = connection.exec_driver_sql
        execute("SET time_zone = '+00:00'" if local == "datetime" else "SET TIME ZONE 'UTC'")
        execute(f"CREATE TABLE zone_events (u int, p int, at_local {local} NULL, at_zoned {zoned} NULL)")
        execute("INSERT INTO zone_events VALUES (1, 1, '2024-06-01 12:00:00', '2024-06-01 12:00:00')")
        execute("CREATE TABLE zone_products (product_id int, created_at date)")
        execute("INSERT INTO zone_products VALUES (1, '2024-06-01'), (2, NULL)")
    engine.dispose()

    def read(column, **settings):
        columns = {"user_id": "u", "product_id": "p", "occurred_at": column}
        tables = {
            "events": TableMapping(table="zone_events", columns=columns),
            "products": TableMapping(table="zone_products"),
        }
        with open_source(SourceSettings(url=url, tables=tables, **settings)) as source:
            newest = source.newest_event_time()
            assert source.read_events()["occurred_at"].to_pylist() == [newest]
            return newest, source.read_table("products")["created_at"].to_pylist()

    utc, paris = 1_717_243_200, 1_717_236_000
    assert read("at_local") == (utc, [1_717_200_000, None])
    assert read("at_local", timezone="Europe/Paris") == (paris, [1_717_192_800, None])
    assert read("at_zoned", timezone="Europe/Paris")[0] == utc
