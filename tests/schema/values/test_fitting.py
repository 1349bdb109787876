"""The same value gives the same input, whichever way it comes: training, live row, request, new product."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from components.product_example_gen.columns import feature_arrays
from schema.features import FeatureColumn, FeatureSet, Kind, raw_name, types_of
from schema.profiling.profile import profile_source
from schema.served.request import Query, encode_queries
from schema.source import open_source
from schema.source_settings import FeatureSettings, SourceSettings
from schema.values.fitting import fitted, unfit

PLANS = ["1.10", "1.1", "2.0", "basic", "007"]


def write(folder):
    users = "".join(f"u{n},{PLANS[n % 5]},{n % 3}.0,{20 + n}\n" for n in range(40))
    (folder / "users.csv").write_text("user_id,plan,tier,age\n" + users)
    events = "".join(f"u{n % 40},p{n % 3},{1_700_000_000 + n * 90_000}\n" for n in range(200))
    (folder / "events.csv").write_text("user_id,product_id,occurred_at\n" + events)
    (folder / "products.csv").write_text("product_id,title\np0,tea\np1,milk\np2,jam\n")
    return SourceSettings(url=str(folder))


def test_every_way_gives_the_same_input(tmp_path):
    with open_source(write(tmp_path)) as source:
        features = profile_source(source, FeatureSettings(), lambda *_: None).features
        types = types_of(features.users)
        ids = [f"u{n}" for n in range(40)]
        trained = feature_arrays(source.user_rows(ids, types), features.user_columns(), "users")
        assert [value[0] for value in trained["user__plan"].to_pylist()][:5] == [p.encode() for p in PLANS]
        for row, user in enumerate(ids):
            (alone,) = source.user_rows([user], types).to_pylist()
            (sent,) = [{"plan": PLANS[row % 5], "tier": float(row % 3), "age": str(20 + row)}]
            for values in (alone, sent):
                inputs = encode_queries(features, [Query(user, 0, features=values)], 10)
                for name in trained:
                    expected = trained[name].to_pylist()[row][0]
                    assert (
                        inputs[name][0] == pytest.approx(expected)
                        if name == "user__age"
                        else (inputs[name][0] == expected)
                    )


@pytest.mark.parametrize(
    ("value", "column", "expected"),
    [
        ("forty", FeatureColumn(name="age", kind=Kind.NUMBER), None),
        ("n/a", FeatureColumn(name="age", kind=Kind.NUMBER, type="real"), None),
        ("40", FeatureColumn(name="age", kind=Kind.NUMBER), 40.0),
        (float("inf"), FeatureColumn(name="age", kind=Kind.NUMBER), None),
        ([1], FeatureColumn(name="age", kind=Kind.NUMBER), None),
        (10**400, FeatureColumn(name="age", kind=Kind.NUMBER), None),
        ("3.0", FeatureColumn(name="tier", kind=Kind.CATEGORY, type="integer"), 3),
        (3.5, FeatureColumn(name="tier", kind=Kind.CATEGORY, type="integer"), None),
        (True, FeatureColumn(name="tier", kind=Kind.CATEGORY, type="integer"), 1),
        ("2.0", FeatureColumn(name="plan", kind=Kind.CATEGORY, type="text"), "2.0"),
        ([1, 2], FeatureColumn(name="v", kind=Kind.EMBEDDING, dim=2), [1.0, 2.0]),
        ([1], FeatureColumn(name="v", kind=Kind.EMBEDDING, dim=2), None),
        ("[1, 2]", FeatureColumn(name="v", kind=Kind.EMBEDDING, dim=2), None),
        ("a;b", FeatureColumn(name="t", kind=Kind.SET, type="text", separator=";"), ("a", "b")),
        (["a", 2.0], FeatureColumn(name="t", kind=Kind.SET, type="text"), ("a", "2")),
        ("", FeatureColumn(name="t", kind=Kind.SET, type="text"), ()),
        ("a/b", FeatureColumn(name="p", kind=Kind.HIERARCHY, type="text", levels="/"), ("a", "a/b")),
    ],
)
def test_values(value, column, expected):
    assert fitted(value, column) == expected


def test_a_value_that_does_not_fit_is_missing_and_named():
    column = FeatureColumn(name="age", kind=Kind.NUMBER, type="real")
    features = FeatureSet(users=(column,))
    inputs = encode_queries(features, [Query("u", 0, features={"age": "forty"})], 10)
    assert np.isnan(inputs["user__age"][0])
    assert unfit({"age": "forty", "town": 1}, {"age": column}) == ["age"]
    assert unfit({"age": 40}, {"age": column}) == []


def test_any_name_of_a_column_has_a_raw_feature_of_its_own():
    names = ["Größe (cm)", "a.b", "a/b", "a b", "weight", "1st", "ü" * 300, "a_b", "", "select"]
    raw = [raw_name("user__", name) for name in names]
    assert len(set(raw)) == len(names)
    assert all(name.isascii() and name.replace("_", "").isalnum() and len(name) < 100 for name in raw)
    assert raw_name("user__", "age") == "user__age"


def test_values_of_a_column_with_a_gap_are_read_as_its_type():
    from schema.source.cells.values import as_type

    assert as_type(pa.array(["1.10", None]), "text").to_pylist() == ["1.10", None]
    assert as_type(pa.array(["12,99", "n/a"]), "real").to_pylist() == [12.99, None]
    assert as_type(pa.array(["3.0", "3.5", "x"]), "integer").to_pylist() == [3, None, None]
    assert as_type(pa.array([3.0]), "integer").to_pylist() == [3]
    assert as_type(pa.array(["[1, 2]", "x"]), "vector").to_pylist() == [[1.0, 2.0], None]
    assert as_type(pa.array([["ä", "b"], None]), "text").to_pylist() == ['["ä", "b"]', None]
    assert as_type(pa.array([[3, 2**40]]), "text").to_pylist() == [f"[3, {2**40}]"]
