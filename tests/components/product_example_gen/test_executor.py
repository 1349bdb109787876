"""The whole executor on a database, with its files read back as a consumer reads them."""

from __future__ import annotations

import json
import shutil
import sqlite3

import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from tfx.types.standard_artifacts import Examples

from components.artifacts import Interactions
from components.product_example_gen.component import ProductExampleGen
from components.product_example_gen.executor import Executor
from components.product_example_gen.settings import ProductExampleGenSettings
from schema import names
from schema.errors import PipelineRefusedError, UserError
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.source_settings import SourceSettings, TableMapping
from schema.windows import SplitSettings, resolve_windows

DAY = 86_400
SPLIT = SplitSettings(
    eval_window="10d", test_window="10d", ranking_windows=2, history_length=8, baskets_per_user=3
)
FEATURES = FeatureSet(
    users=(
        FeatureColumn(name="colour_liked", kind=Kind.CATEGORY),
        FeatureColumn(name="age", kind=Kind.NUMBER),
    ),
    products=(FeatureColumn(name="colour", kind=Kind.CATEGORY), FeatureColumn(name="title", kind=Kind.TEXT)),
)
NEWEST = 1_700_000_000
WINDOWS = resolve_windows(NEWEST - 120 * DAY, NEWEST, SPLIT)


@pytest.fixture
def database(write_checkerboard, tmp_path):
    write_checkerboard(tmp_path / "shop.db")
    return tmp_path / "shop.db"


def make_node(source, weights, windows=WINDOWS):
    return ProductExampleGen(
        ProductExampleGenSettings(
            source=source,
            features=FEATURES,
            windows=windows,
            split=SPLIT,
            event_weights=weights,
            fingerprint="fingerprint",
        )
    )


def generate(database, directory, partitions=3, weights=None, windows=WINDOWS, guests=None):
    """Runs the executor and returns (examples, interactions)."""
    tables = {"events": TableMapping(guests=guests)} if guests else {}
    source = SourceSettings(url=f"sqlite:///{database}", partitions=partitions, tables=tables)
    component = make_node(source, {"purchase": 1.0} if weights is None else weights, windows)
    examples, interactions = Examples(), Interactions()
    examples.uri, interactions.uri = str(directory / "examples"), str(directory / "interactions")
    outputs = {"examples": [examples], "interactions": [interactions]}
    Executor().Do({}, outputs, dict(component.spec.exec_properties))
    return examples, interactions


def records(examples, split):
    files = sorted(tf.io.gfile.glob(f"{examples.uri}/Split-{split}/*"))
    return [record.numpy() for record in tf.data.TFRecordDataset(files, compression_type="GZIP")]


def parsed(examples, split):
    rows = []
    for record in records(examples, split):
        row = {}
        for name, feature in tf.train.Example.FromString(record).features.feature.items():
            kind = feature.WhichOneof("kind")
            row[name] = list(getattr(feature, kind).value) if kind else None
        rows.append(row)
    return rows


def change(database, statement, *values):
    connection = sqlite3.connect(database)
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def test_splits_hold_what_they_should(database, tmp_path):
    examples, interactions = generate(database, tmp_path)
    assert json.loads(examples.split_names) == list(names.SPLITS)
    assert examples.get_string_custom_property("payload_format") == "FORMAT_TF_EXAMPLE"
    parts = sorted((tmp_path / "interactions").glob("part-*.parquet"))
    events = pq.read_table(parts).to_pylist()
    assert interactions.get_int_custom_property("num_events") == len(events)
    assert len(parts) == 3
    assert events == sorted(events, key=lambda event: (event["user_id"], event["occurred_at"]))
    for split, start, end in (
        ("eval", WINDOWS.eval_start, WINDOWS.test_start),
        ("test", WINDOWS.test_start, WINDOWS.now),
    ):
        rows = parsed(examples, split)
        expected = {event["user_id"] for event in events if start <= event["occurred_at"] < end}
        assert {row["user_id"][0].decode() for row in rows} == expected
        for row in rows:
            own = [event for event in events if event["user_id"] == row["user_id"][0].decode()]
            history = [event for event in own if event["occurred_at"] < start][-SPLIT.history_length :]
            assert row["history_product_id"] == [event["product_id"].encode() for event in history]
            assert row["history_time"] == [event["occurred_at"] for event in history]
            bought = dict.fromkeys(
                event["product_id"].encode() for event in own if start <= event["occurred_at"] < end
            )
            assert row["target_product_id"] == list(bought)
            number = int(row["user_id"][0][1:])
            assert row["user__age"] == [20 + (number * 7) % 50]
            assert row["user__colour_liked"] == [b"red" if number % 2 == 0 else b"blue"]
    catalog = parsed(examples, "catalog")
    assert sorted(row["product_id"][0] for row in catalog) == sorted(f"p{n}".encode() for n in range(24))
    assert {row["product__title"][0] for row in catalog if row["product_id"] == [b"p3"]} == {
        b"blue thing number 3"
    }


def test_training_ends_before_the_eval_window_and_histories_before_their_query(database, tmp_path):
    examples, _ = generate(database, tmp_path)
    train = parsed(examples, "train")
    assert {row["query_kind"][0] for row in train} == {b"basket", b"window"}
    assert max(row["target_end"][0] for row in train) <= WINDOWS.eval_start
    for split in names.QUERY_SPLITS:
        assert all(
            time < row["query_time"][0] for row in parsed(examples, split) for time in row["history_time"]
        )
    per_user = {}
    for row in train:
        if row["query_kind"] == [b"basket"]:
            per_user[row["user_id"][0]] = per_user.get(row["user_id"][0], 0) + 1
    assert max(per_user.values()) == 3


def test_no_training_example_knows_the_future(database, tmp_path):
    before, _ = generate(database, tmp_path / "before")
    shutil.copy(database, tmp_path / "changed.db")
    stamp = f"strftime('%Y-%m-%dT%H:%M:%S', {WINDOWS.eval_start}, 'unixepoch')"
    change(tmp_path / "changed.db", f"UPDATE events SET product_id = 'p1' WHERE occurred_at >= {stamp}")
    change(
        tmp_path / "changed.db",
        "INSERT INTO events SELECT 'u' || rowid % 70, 'new', occurred_at, 'x', 1, 1 FROM events "
        f"WHERE occurred_at >= {stamp}",
    )
    after, _ = generate(tmp_path / "changed.db", tmp_path / "after")
    assert sorted(records(before, "train")) == sorted(records(after, "train"))
    assert sorted(records(before, "eval")) != sorted(records(after, "eval"))


def test_a_test_window_that_changes_leaves_the_eval_examples(database, tmp_path):
    before, _ = generate(database, tmp_path / "before")
    stamp = f"strftime('%Y-%m-%dT%H:%M:%S', {WINDOWS.test_start}, 'unixepoch')"
    change(database, f"DELETE FROM events WHERE occurred_at >= {stamp} AND user_id <> 'u1'")
    after, _ = generate(database, tmp_path / "after")
    assert sorted(records(before, "eval")) == sorted(records(after, "eval"))


def test_the_same_database_gives_the_same_bytes(database, tmp_path):
    generate(database, tmp_path / "first")
    generate(database, tmp_path / "second")
    files = [
        path.relative_to(tmp_path / "first") for path in (tmp_path / "first").rglob("*") if path.is_file()
    ]
    assert len(files) >= 3 * 4 + 2
    for file in files:
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


def test_the_number_of_partitions_changes_no_example(database, tmp_path):
    one, _ = generate(database, tmp_path / "one", partitions=1)
    many, _ = generate(database, tmp_path / "many", partitions=7)
    for split in names.SPLITS:
        assert records(one, split) == records(many, split)


def test_products_named_only_by_events_and_users_without_a_row(database, tmp_path):
    change(database, "DELETE FROM products WHERE product_id = 'p2'")
    change(database, "DELETE FROM users WHERE user_id = 'u4'")
    examples, _ = generate(database, tmp_path)
    (row,) = [row for row in parsed(examples, "catalog") if row["product_id"] == [b"p2"]]
    assert row["product__title"] is None
    assert json.loads((tmp_path / "interactions" / "_summary.json").read_text())["orphans"] == ["p2"]
    rows = [row for row in parsed(examples, "train") if row["user_id"] == [b"u4"]]
    assert rows
    assert all(row["user__age"] is None for row in rows)


def test_guests_who_count_for_popularity_are_sales_and_nobodys_rows(database, tmp_path):
    change(database, "UPDATE events SET user_id = 'guest-' || user_id WHERE user_id IN ('u1', 'u2')")
    examples, _ = generate(database, tmp_path, guests="count for popularity only")
    files = sorted((tmp_path / "interactions").glob("*.parquet"))
    sold = [pq.read_table(path) for path in files if path.name.startswith("guests-")]
    connection = sqlite3.connect(database)
    count = "SELECT COUNT(*) FROM events WHERE user_id LIKE 'guest-%'"
    expected = connection.execute(count).fetchone()[0]
    connection.close()
    assert sum(table.num_rows for table in sold) == expected > 0
    assert sold[0].column_names == ["product_id", "occurred_at"]
    users = pq.read_table([path for path in files if path.name.startswith("part-")])["user_id"].to_pylist()
    assert users and not any(user.startswith("guest-") for user in users)
    rows = [row for split in names.QUERY_SPLITS for row in parsed(examples, split)]
    assert rows and not any(row["user_id"][0].startswith(b"guest-") for row in rows)


def test_no_users_table(database, tmp_path):
    change(database, "DROP TABLE users")
    examples, _ = generate(database, tmp_path)
    assert "user__age" not in parsed(examples, "eval")[0]


@pytest.mark.parametrize(("split", "start", "end"), [("eval", 20, 10), ("test", 10, 0)])
def test_an_empty_split_is_refused_and_named(database, tmp_path, split, start, end):
    stamps = [
        f"strftime('%Y-%m-%dT%H:%M:%S', {WINDOWS.now - days * DAY}, 'unixepoch')" for days in (start, end)
    ]
    change(database, f"DELETE FROM events WHERE occurred_at >= {stamps[0]} AND occurred_at < {stamps[1]}")
    with pytest.raises(
        PipelineRefusedError, match=f"Split `{split}` is empty: no user.*from 2023-1.*split.eval_window"
    ):
        generate(database, tmp_path)


def test_no_type_of_event_with_weight_is_refused(database, tmp_path):
    with pytest.raises(
        PipelineRefusedError, match=r"Split `train` is empty.*events.weights=\{'purchase': 0.0\}"
    ):
        generate(database, tmp_path, weights={"purchase": 0.0})


def test_a_mistake_in_the_data_is_the_users_and_not_a_failure_of_beam(database, tmp_path):
    change(database, "UPDATE events SET occurred_at = 'yesterday' WHERE rowid = 5")
    with pytest.raises(UserError, match=r"occurred_at.*yesterday"):
        generate(database, tmp_path)


def test_the_password_is_not_recorded():
    component = make_node(SourceSettings(url="postgresql://u:secret@h/d"), {"purchase": 1.0})
    assert "secret" not in str(component.spec.exec_properties)


def test_ids_of_any_text_survive_unchanged(database, tmp_path):
    ids = ["007", "7", "7 8", 'it\'s "me"', "Ünï 日本 😀", "a\tb", "%s;--"]
    for name in ids:
        change(
            database,
            "UPDATE events SET user_id = ?, product_id = ? WHERE user_id = ?",
            name,
            name,
            f"u{ids.index(name)}",
        )
    examples, _ = generate(database, tmp_path)
    encoded = {name.encode() for name in ids}
    events = pq.read_table(sorted((tmp_path / "interactions").glob("part-*.parquet")))
    assert set(ids) <= set(events["user_id"].to_pylist())
    assert encoded <= {row["user_id"][0] for row in parsed(examples, "train")}
    assert encoded <= {row["product_id"][0] for row in parsed(examples, "catalog")}
    assert encoded <= {product for row in parsed(examples, "eval") for product in row["target_product_id"]}
