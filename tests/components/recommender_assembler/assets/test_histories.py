"""The snapshot of histories: what is written, and what the server reads of it."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.recommender_assembler.assets.histories import segment_lists, write_histories
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.windows import TimeWindows
from serving.model.histories import Histories

FEATURES = FeatureSet(
    users=(FeatureColumn(name="town", kind=Kind.CATEGORY), FeatureColumn(name="age", kind=Kind.NUMBER)),
    event_types=("purchase", "view"),
)
WINDOWS = TimeWindows(
    start=0,
    ranking_cutoffs=(10,),
    retrieval_end=10,
    window=50,
    retrieval_cutoffs=(5,),
    eval_start=40,
    test_start=60,
    now=101,
)
EVENTS = [  # user, product, time, type, weight
    ("ü 1", "p1", 10, "purchase", 1.0),
    ("ü 1", "line\nend", 20, "view", 0.0),
    ("ü 1", "p1", 20, "purchase", 1.0),
    ("b", "p2", 30, "purchase", 1.0),
    ("Z", "p3", 100, "purchase", 1.0),
]
USERS = pa.table(
    {"user_id": ["b", "nobody", "ü 1"], "user__town": ["Ulm", "Bonn", None], "user__age": [30.5, 1.0, None]}
)


def write(folder, events=EVENTS, users=USERS, length=10, parts=2):
    interactions = folder / "interactions"
    interactions.mkdir()
    names = ("user_id", "product_id", "occurred_at", "event_type", "weight")
    for number in range(parts):
        rows = [dict(zip(names, event, strict=True)) for event in events[number::parts]]
        schema = pa.schema(
            [
                ("user_id", pa.string()),
                ("product_id", pa.string()),
                ("occurred_at", pa.int64()),
                ("event_type", pa.string()),
                ("weight", pa.float32()),
            ]
        )
        pq.write_table(pa.Table.from_pylist(rows, schema), interactions / f"part-{number:05d}.parquet")
    target = folder / "model" / "assets.extra" / "histories"
    write_histories(interactions, users, target, FEATURES, length, WINDOWS, pa.array(["p1", "p2", "p3"]))
    metadata = {"windows": {"now": 7}, "features": json.loads(FEATURES.to_json())}
    (target.parent / "towerline.json").write_text(json.dumps(metadata))
    return Histories(folder / "model")


def test_each_user_has_the_events_oldest_first(tmp_path):
    found = write(tmp_path)
    assert found.now() == 101
    query, known = found.question("ü 1", FEATURES, 100)
    assert known and query.query_time == 101
    assert list(query.times) == [10, 20, 20] and query.features == {"town": None, "age": None}
    assert sorted(zip(query.product_ids, query.event_types, strict=True)) == [
        ("line\nend", "view"),
        ("p1", "purchase"),
        ("p1", "purchase"),
    ]
    query, known = found.question("b", FEATURES, 100)
    assert (list(query.product_ids), list(query.times), list(query.event_types)) == (
        ["p2"],
        [30],
        ["purchase"],
    )
    assert query.features == {"town": "Ulm", "age": 30.5} == found.features("b")


@pytest.mark.parametrize("user", ["a", "Y", "zz", "", "ü 2", "nobody"])
def test_others_are_unknown(tmp_path, user):
    found = write(tmp_path)
    query, known = found.question(user, FEATURES, 100)
    assert not known and list(query.product_ids) == [] and query.query_time == 101
    assert found.features(user) == {}


def test_the_newest_events_are_kept(tmp_path):
    events = [("u", f"p{time % 3}", time, "purchase", 1.0) for time in range(9)]
    found = write(tmp_path, events, length=4, parts=1)
    query, _ = found.question("u", FEATURES, 100)
    assert list(query.times) == [5, 6, 7, 8] and list(query.product_ids) == ["p2", "p0", "p1", "p2"]
    query, _ = found.question("u", FEATURES, 2)
    assert list(query.times) == [7, 8]


def test_many_users_in_several_batches(tmp_path, monkeypatch):
    monkeypatch.setattr("components.recommender_assembler.assets.histories._USERS_AT_ONCE", 7)
    events = [(f"u{number}", "p1", number, "purchase", 1.0) for number in range(50)]
    found = write(tmp_path, events)
    for number in range(50):
        query, known = found.question(f"u{number}", FEATURES, 100)
        assert known and list(query.times) == [number]
    ordered = sorted(f"u{number}" for number in range(50))
    assert found.users("", 100) == ordered and found.users("", 9) == ordered[:9]
    for prefix in ("u", "u1", "u4", "u49", "u5", "t", "v"):
        assert found.users(prefix, 100) == [name for name in ordered if name.startswith(prefix)], prefix
    assert found.users("u3", 8) == ["u3", *(f"u{number}" for number in range(30, 37))]
    assert not found.question("u50", FEATURES, 1)[1]


def test_without_events_or_snapshot_everybody_is_unknown(tmp_path):
    found = write(tmp_path, [], parts=1)
    assert found.question("b", FEATURES, 10)[1] is False
    assert found.users("", 5) == []
    assert found.now() == 7 and found.popular_in_segment({"town": "Ulm"}) == ([], {})


def test_segments_by_hand(tmp_path):
    # Twelve in Ulm buy p1, three of them p2 too (one twice); two in Bonn are too few to say anything.
    rows = [(f"u{n}", "p1", 60, "purchase", 1.0) for n in range(12)]
    rows += [(f"u{n}", "p2", 61, "purchase", 1.0) for n in (0, 1, 2, 2)]
    rows += [
        ("u3", "hidden", 60, "purchase", 1.0),
        ("u4", "p3", 60, "view", 0.0),
        ("u5", "p3", 1, "purchase", 1.0),
    ]
    rows += [("v1", "p3", 60, "purchase", 1.0), ("v2", "p3", 60, "purchase", 1.0)]
    towns = {**{f"u{n}": "Ulm" for n in range(12)}, "v1": "Bonn", "v2": "Bonn"}
    users = pa.table(
        {"user_id": list(towns), "user__town": list(towns.values()), "user__age": [None] * len(towns)}
    )
    found = write(tmp_path, rows, users)
    content = json.loads((tmp_path / "model/assets.extra/histories/segments.json").read_text())
    assert content == {"town": {"Ulm": [["p1", 1.0], ["p2", 0.25]]}}
    assert found.popular_in_segment({"town": "Ulm", "age": 3}) == (["p1", "p2"], {"town": "Ulm"})
    assert found.popular_in_segment({"town": "Bonn"}) == ([], {})


def test_shares_of_several_columns_are_added_up(tmp_path):
    found = write(tmp_path)
    found._segments = {"town": {"1": [["a", 0.5], ["b", 0.4]]}, "job": {"x": [["b", 0.2], ["c", 0.1]]}}
    assert found.popular_in_segment({"town": 1.0, "job": "x"}) == (["b", "a", "c"], {"town": "1", "job": "x"})


def test_no_user_columns_no_segments():
    events = pa.table({"user_id": ["a"], "product_id": ["p"], "weight": [1.0]})
    users = pa.table({"user_id": pa.array([], pa.string())})
    assert segment_lists(events, users, FeatureSet(), pa.array(["p"])) == {}
