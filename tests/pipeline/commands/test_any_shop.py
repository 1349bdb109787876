"""Shops of any mix of dirt: nothing ends in an internal failure, and every row is used or reported."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline import cli
from schema.errors import UserError
from schema.profiling.profile import profile_source
from schema.source import open_source
from schema.source.ids import canonical_id
from schema.source_settings import FeatureSettings, SourceSettings

NOW = 1_700_000_000
DAY = 86_400

_TEXT = st.text(max_size=8).filter(lambda text: "\x00" not in text and not set(text) & {"\r", "\n"})
_IDS = st.one_of(
    st.integers(-3, 40),
    st.integers(2**62, 2**63 - 1),
    st.sampled_from(["NULL", "guest", "", " 7", "7 ", "7.0", "007", "²", "--5", "-1", "1.10", "a/b", "ü'x"]),
    _TEXT.filter(lambda text: text.isprintable()),
)
_TYPES = st.sampled_from(["purchase", "Orders", "view", "add_to_cart", "refund", "swoosh", "", None])
_FORMS = st.sampled_from(["seconds", "milliseconds", "iso", "zone", "date", "text", "mixed", "yyyymmdd"])
_NUMBERS = st.sampled_from([1, 2.5, -1, 0, None, "3", "12,99", "$5.00", "1e3"])
_NAMES = st.sampled_from(["colour", "Größe (cm)", "a.b", "a/b", "weight", "1st", "select", "x" * 200])
_VALUES = st.one_of(
    st.integers(-9, 9), st.floats(-1e6, 1e6), _TEXT, st.none(), st.sampled_from(["1,5", "n/a"])
)


@st.composite
def shops(draw):
    """Tables: name -> (columns, rows)."""
    users = draw(st.lists(_IDS, min_size=1, max_size=12))
    products = draw(st.lists(_IDS.filter(lambda found: str(found).strip()), min_size=1, max_size=8))
    form = draw(_FORMS)
    size = draw(st.integers(1, 60))
    rows = []
    for row in range(size):
        stamp = NOW - 90 * DAY + row * DAY + draw(st.integers(0, 999))
        rows.append(
            (
                draw(st.sampled_from(users)),
                draw(st.sampled_from(products)),
                _stamp(stamp, form, row),
                draw(_TYPES),
                draw(_NUMBERS),
            )
        )
    if draw(st.booleans()):
        rows += rows[: draw(st.integers(0, size))]
    name = draw(_NAMES)
    values = [(product, draw(_VALUES)) for product in {canonical_id(str(p)): p for p in products}.values()]
    tables = {
        "events": (["user_id", "product_id", "occurred_at", "event_type", "quantity"], rows),
        "products": (["product_id", name], values),
    }
    if draw(st.booleans()):
        known = {canonical_id(str(user)): user for user in users}
        tables["users"] = (["user_id", name], [(user, draw(_VALUES)) for user in known.values()])
    return tables, draw(st.booleans())


def _stamp(stamp, form, row):
    from datetime import UTC, datetime

    moment = datetime.fromtimestamp(stamp, UTC)
    written = {
        "seconds": stamp,
        "milliseconds": stamp * 1000,
        "iso": moment.strftime("%Y-%m-%dT%H:%M:%S"),
        "zone": moment.strftime("%Y-%m-%d %H:%M:%S+00:00"),
        "date": moment.strftime("%Y-%m-%d"),
        "text": str(stamp),
        "yyyymmdd": int(moment.strftime("%Y%m%d")),
    }
    return written["seconds" if row % 2 else "iso"] if form == "mixed" else written[form]


def write(folder, tables, as_csv):
    if as_csv:
        for name, (columns, rows) in tables.items():
            with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([columns, *rows])
        return str(folder)
    with sqlite3.connect(folder / "shop.db") as connection:
        for name, (columns, rows) in tables.items():
            listed = ", ".join('"' + column + '"' for column in columns)
            connection.execute(f"CREATE TABLE {name} ({listed})")
            connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})", rows)
    connection.close()
    return str(folder / "shop.db")


def check(tables, as_csv, capsys):
    folder = Path(tempfile.mkdtemp(prefix="towerline-shop-"))
    try:
        url = write(folder, tables, as_csv)
        code = cli.main(["doctor", "--json", "--source", url, "--workdir", str(folder / "work")])
        said = json.loads(capsys.readouterr().out)
        assert code in (0, 2), said
        _check_reading(url, tables)
    finally:
        shutil.rmtree(folder)


def _check_reading(url, tables):
    with open_source(SourceSettings(url=url)) as source:
        try:
            found = profile_source(source, FeatureSettings(), lambda *_: None, NOW)
        except UserError as error:
            assert "\n" not in str(error)
            return
        used = source.read_events()
        parts = [source.read_events(part).num_rows for part in source.partitions(3)]
    left_out = sum(f.rows_left_out for f in found.findings if f.table == "events")
    assert found.num_rows == len(tables["events"][1])
    assert found.num_rows == used.num_rows + left_out
    assert found.num_events == used.num_rows == sum(parts)
    given_ids = {canonical_id(str(row[0])) for row in tables["events"][1] if row[0] is not None}
    assert set(used["user_id"].to_pylist()) <= given_ids
    with open_source(SourceSettings(url=url, reading=found.reading)) as live:
        for user in [*given_ids, "nobody", "²"]:
            expected = used["user_id"].to_pylist().count(user)
            assert live.user_events([user], 1000).num_rows == expected
            live.user_rows([user])


_QUIET = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "database": None,
    "phases": [Phase.generate],
}


@given(shop=shops())
@settings(max_examples=30, derandomize=True, **_QUIET)
def test_thirty_shops(capsys, shop):
    check(*shop, capsys)


@pytest.mark.nightly
@given(shop=shops())
@settings(max_examples=500, **_QUIET)
def test_five_hundred_shops(capsys, shop):
    check(*shop, capsys)
