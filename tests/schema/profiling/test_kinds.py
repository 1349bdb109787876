from __future__ import annotations

import pyarrow as pa
import pytest

from schema.errors import UserError
from schema.features import FeatureColumn, Kind
from schema.profiling.kinds import as_kind, infer_kind

MANY = range(200)


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("empty", pa.nulls(3, pa.string()), Kind.IGNORE),
        ("constant", ["x"] * 50, Kind.IGNORE),
        ("same number", [7, 7, None], Kind.IGNORE),
        ("colour", ["red", "blue", None] * 30, Kind.CATEGORY),
        ("department", ["FRESH FISH", "DRUG GM"] * 50, Kind.CATEGORY),
        ("type", [f"KIND OF {n % 20} THING" for n in MANY], Kind.CATEGORY),
        ("title", [f"A title of number {n}" for n in MANY], Kind.TEXT),
        ("title", ["Green tea", "Black tea", "Red wine"], Kind.TEXT),
        ("genres", [f"g{a} g{b} g{c}" for a in range(6) for b in range(6) for c in range(6)] * 10, Kind.TEXT),
        ("token", [f"{n:08x}" for n in MANY], Kind.IGNORE),
        ("url", [f"https://example.com/{n} {n % 3}" for n in MANY], Kind.IGNORE),
        ("born", [f"19{n % 90 + 10}-01-02" for n in MANY], Kind.IGNORE),
        ("updated", [f"2024-01-02 10:00:{n % 60:02}" for n in MANY], Kind.IGNORE),
        ("size_class", [1, 2, 3] * 40, Kind.CATEGORY),
        ("age", list(MANY), Kind.NUMBER),
        ("manufacturer_id", [n % 100 for n in MANY], Kind.CATEGORY),
        ("external_id", list(MANY), Kind.IGNORE),
        ("price", [n / 4 for n in MANY], Kind.NUMBER),
        ("ragged", [[1.0], [1.0, 2.0]], Kind.SET),
        ("ragged", [[1.5], [1.0, 2.0]], Kind.IGNORE),
    ],
)
def test_kind(name, values, kind):
    inferred = infer_kind(name, pa.array(values) if isinstance(values, list) else values)
    assert inferred.column == FeatureColumn(name=name, kind=kind)
    assert inferred.reason


def test_vectors_have_a_length():
    vectors = pa.array([[1.0, 2.0, 3.0], None, [4.0, 5.0, 6.0]], pa.list_(pa.float32()))
    assert infer_kind("image", vectors).column == FeatureColumn(name="image", kind=Kind.EMBEDDING, dim=3)
    assert as_kind("key", "image", vectors, Kind.EMBEDDING).dim == 3
    assert as_kind("key", "image", vectors, Kind.IGNORE).kind is Kind.IGNORE


@pytest.mark.parametrize(
    ("values", "kind", "received"),
    [
        (["a", "b"], Kind.EMBEDDING, "no vectors"),
        ([[1.0], [1.0, 2.0]], Kind.EMBEDDING, "vectors of different lengths"),
        (["a", None], Kind.NUMBER, "text"),
        ([[1.0], [2.0]], Kind.CATEGORY, "vectors"),
    ],
)
def test_a_kind_that_does_not_fit(values, kind, received):
    with pytest.raises(
        UserError, match=rf"`features.users.x`.*as `{kind.value}`. Received: {received}.*Remedy"
    ):
        as_kind("features.users.x", "x", pa.array(values), kind)


def test_a_long_column_is_sampled_all_over():
    values = pa.array(["x"] * 90_000 + ["y"] * 10_000)
    assert infer_kind("flag", values).column.kind is Kind.CATEGORY
