import sqlite3
from collections import defaultdict

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.quality.leave_one_out import NEWEST, WINDOW, count_events, later_events
from components.product_example_gen.event_log import EventLog
from components.product_example_gen.queries import query_batches
from components.product_example_gen.shards import split_queries
from schema import names
from schema.source import open_source
from schema.source_settings import SourceSettings
from schema.windows import SplitSettings, resolve_windows


def test_later_events_of_equal_stamps_are_those_of_later_rows():
    users = np.array([1, 0, 1, 1, 0, 1])
    stamps = np.array([50, 9, 50, 20, 3, 60])
    # user 1 in time: row 3 (20), row 0 (50), row 2 (50, later row), row 5 (60); user 0: row 4, row 1
    assert later_events(users, stamps).tolist() == [2, 0, 1, 3, 1, 0]


def database(path, events):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE products (product_id TEXT PRIMARY KEY)")
        connection.execute("CREATE TABLE events (user_id TEXT, product_id TEXT, occurred_at INTEGER)")
        connection.executemany("INSERT INTO events VALUES (?, ?, ?)", events)
    connection.close()


@pytest.fixture
def events():
    """Ratings in page order: many share their second, and the rows of the users are mixed."""
    rng = np.random.default_rng(7)
    users = [f"u{user}" for user in range(12) for _ in range(int(rng.integers(4, 15)))]
    rng.shuffle(users)
    return [
        (user, f"p{number % 30}", int(rng.integers(0, 6)) * 1_000_003) for number, user in enumerate(users)
    ]


def in_order(events):
    """The products of each user by (stamp, row)."""
    result = defaultdict(list)
    for row, (user, product, stamp) in enumerate(events):
        result[user].append((stamp, row, product))
    return {user: [product for _, _, product in sorted(rows)] for user, rows in result.items()}


def queries_of(path):
    """Split -> rows as ProductExampleGen writes them."""
    split = SplitSettings(eval_window=WINDOW, test_window=WINDOW)
    with open_source(SourceSettings(url=f"sqlite:///{path}")) as source:
        log = EventLog.from_table(source.read_events(), {names.DEFAULT_EVENT_TYPE: 1.0})
    windows = resolve_windows(int(log.time.min()), int(log.time.max()), split)
    return {
        name: pa.Table.from_batches(query_batches(log, queries, {})).to_pylist()
        for name, queries in split_queries(log, windows, split).items()
    }


def test_windows_of_a_day_are_leave_one_out(tmp_path, events):
    database(tmp_path / "loo.db", events)

    assert count_events(tmp_path / "loo.db") == len(events)

    expected = in_order(events)
    rows = queries_of(tmp_path / "loo.db")
    for split, place in ((names.TEST, -1), (names.EVAL, -2)):
        found = {
            row[names.USER_ID][0].decode(): (
                [product.decode() for product in row[names.HISTORY_PRODUCT_ID]],
                [product.decode() for product in row[names.TARGET_PRODUCT_ID]],
            )
            for row in rows[split]
        }
        assert found == {user: (products[:place], [products[place]]) for user, products in expected.items()}


def test_nothing_is_trained_on_the_last_two_events(tmp_path, events):
    database(tmp_path / "loo.db", events)
    count_events(tmp_path / "loo.db")

    rows = queries_of(tmp_path / "loo.db")[names.TRAIN]

    assert len(rows) > 50
    assert max(row[names.TARGET_END][0] for row in rows) <= NEWEST + 1 - 2 * names.SECONDS_PER_DAY + 1
    targets = defaultdict(set)
    for row in rows:
        targets[row[names.USER_ID][0].decode()] |= {p.decode() for p in row[names.TARGET_PRODUCT_ID]}
    for user, products in in_order(events).items():
        assert targets[user] <= set(products[:-2])


def test_ages_count_events(tmp_path):
    database(tmp_path / "loo.db", [("u", f"p{number}", 5) for number in range(4)] + [("v", "p9", 1)] * 2)
    count_events(tmp_path / "loo.db")

    row = next(row for row in queries_of(tmp_path / "loo.db")[names.TEST] if row[names.USER_ID] == [b"u"])

    ages = [row[names.QUERY_TIME][0] - time for time in row[names.HISTORY_TIME]]
    assert [round(age / names.SECONDS_PER_DAY) for age in ages] == [2, 1, 0]
