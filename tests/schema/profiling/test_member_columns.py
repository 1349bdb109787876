from __future__ import annotations

import itertools

import pyarrow as pa
import pytest

from schema.errors import UserError
from schema.features import FeatureColumn, Kind
from schema.profiling.kinds import as_kind, infer_kind
from schema.profiling.member_columns import separators

MANY = range(60)
TREE = [f"{a} > {a}{b} > {a}{b}{c}" for a in "AB" for b in "12" for c in "xyz"]
GENRES = ["|".join(pair) for pair in itertools.combinations(["Action", "Comedy", "Drama", "War", "Noir"], 2)]


def _set(separator: str = "") -> dict[str, object]:
    return {"kind": Kind.SET, "separator": separator}


def _path(levels: str, separator: str = "") -> dict[str, object]:
    return {"kind": Kind.HIERARCHY, "levels": levels, "separator": separator}


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("kinds_of_film", GENRES * 6, _set("|")),
        ("what", [text.replace("|", ", ") for text in GENRES] * 6, _set(",")),
        ("tags", ["new|sale", "new", "old"] * 20, _set("|")),
        ("productTags", ["a;b c d e f", "g", "h"] * 20, _set(";")),
        ("labels", ['["a, b"]', '["c"]', "[]"] * 20, _set()),
        ("labels", ["{a,b}", "{c}", "{}"] * 20, _set()),
        ("where", TREE * 5, _path(" > ")),
        ("where", [text.replace(" > ", ">") for text in TREE] * 5, _path(">")),
        ("category_path", [text.replace(" > ", "/") for text in TREE] * 5, _path("/")),
        ("where", [*TREE, f"{TREE[0]}, {TREE[5]}", f"{TREE[1]}, A > A1"] * 5, _path(" > ", ",")),
        ("categories", ['["A > A1"]', '["A > A2", "B"]', '["A > A1 > x"]'] * 20, _path(" > ", ",")),
    ],
)
def test_columns_whose_cells_have_members(name, values, expected):
    inferred = infer_kind(name, pa.array(values))
    assert inferred.column == FeatureColumn(name=name, **expected)
    assert inferred.reason


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("department", ["FRZN MEAT/MEAT DINNERS", "COFFEE", "TEA/CHOCOLATE"] * 20, Kind.CATEGORY),
        ("colour", ["black/white", "white/black", "black/red"] * 20, Kind.CATEGORY),
        ("city", [f"Town {n}, France" for n in range(12)] * 5, Kind.TEXT),
        ("title", [f"Milk, whole, {n} litres of the farm" for n in MANY], Kind.TEXT),
        ("about", [f"Fresh, crisp apple number {n}, from the Alps" for n in MANY], Kind.TEXT),
        ("file", [f"img/{n}/a.jpg" for n in MANY], Kind.TEXT),
        ("category_path", [f"A/{n}" for n in MANY], Kind.TEXT),
        ("range", ["< 3 > 2", "4", "5"] * 20, Kind.CATEGORY),
        ("picture", [[1.0, 2.0], [3.0, 4.0]] * 20, Kind.EMBEDDING),
        ("ragged", [[1.5], [1.0, 2.0]] * 20, Kind.IGNORE),
        ("ragged", [[1.0], [1.0, 2.0]] * 20, Kind.SET),
    ],
)
def test_other_columns(name, values, kind):
    assert infer_kind(name, pa.array(values)).column.kind is kind


def test_kinds_that_the_user_chose():
    tags = pa.array(["a;b", None, "c"])
    assert as_kind("key", "t", tags, Kind.SET) == FeatureColumn(name="t", **_set(";"))
    assert as_kind("key", "t", tags, Kind.SET, separator="+") == FeatureColumn(name="t", **_set("+"))
    assert as_kind("key", "t", pa.array([[3.0], [4.0]]), Kind.SET) == FeatureColumn(name="t", **_set())
    paths = pa.array(["a::b", "c"])
    assert as_kind("key", "p", paths, Kind.HIERARCHY) == FeatureColumn(name="p", **_path("::"))
    chosen = as_kind("key", "p", pa.array(["a.b", "c"]), Kind.HIERARCHY, levels=".")
    assert chosen == FeatureColumn(name="p", **_path("."))
    assert as_kind("key", "p", pa.nulls(3, pa.string()), Kind.HIERARCHY).kind is Kind.IGNORE


def test_a_path_without_levels_is_refused():
    with pytest.raises(UserError, match=r"`features.products.p`.*`hierarchy`.*a-b.*levels"):
        as_kind("features.products.p", "p", pa.array(["a-b", "c"]), Kind.HIERARCHY)


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (_set(";"), ", values between `;`"),
        (_set(), ", lists or single values"),
        (_path(" > "), ", levels between `>`"),
        (_path("/", ","), ", levels between `/`, several between `,`"),
        ({"kind": Kind.CATEGORY}, ""),
    ],
)
def test_how_cells_are_cut(column, told):
    assert separators(FeatureColumn(name="c", **column)) == told
