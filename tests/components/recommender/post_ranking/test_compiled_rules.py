"""Rules over columns of sets and paths, looked up in a catalogue of four products."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from components.recommender.post_ranking.compiled_rules import catalogue_columns, compile_rules
from components.recommender.post_ranking.stages import category_codes, mix_codes
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.rules import Rule

FEATURES = FeatureSet(
    products=(
        FeatureColumn(name="colour", kind=Kind.CATEGORY),
        FeatureColumn(name="tags", kind=Kind.SET, separator="|"),
        FeatureColumn(name="path", kind=Kind.HIERARCHY, levels=" > "),
    )
)
CATALOG = pa.table(
    {
        "product_id": [[b"a"], [b"b"], [b"c"]],
        "product__colour": [[b"red"], None, [b"red"]],
        "product__tags": [[b"new", b"sale"], None, [b"sale"]],
        "product__path": [[b"Food", b"Food > Dairy"], [b"Food"], [b"Toys", b"Toys > Cars"]],
    }
)
IDS = ["c", "a", "never listed", "b"]


@pytest.fixture(scope="module")
def columns():
    return catalogue_columns(CATALOG, FEATURES, IDS)


def test_values_are_tuples(columns):
    assert columns["tags"].tolist() == [("sale",), ("new", "sale"), None, None]
    assert columns["path"].tolist() == [("Toys", "Toys > Cars"), ("Food", "Food > Dairy"), None, ("Food",)]


@pytest.mark.parametrize(
    ("where", "named"),
    [
        ({"tags": "sale"}, ["c", "a"]),
        ({"tags": ["new", "old"]}, ["a"]),
        ({"path": "Food"}, ["a", "b"]),
        ({"path": "Food > Dairy"}, ["a"]),
        ({"path": "Dairy"}, []),
        ({"path": "Food", "tags": "sale"}, ["a"]),
        ({"tags": ""}, []),
    ],
)
def test_a_rule_names_what_has_any_of_the_members(columns, where, named):
    (rule,) = compile_rules([Rule.parse({"action": "never", "where": where})], columns, FEATURES)
    assert [name for name, is_named in zip(IDS, rule.products, strict=True) if is_named] == named


def _groups(columns, of):
    return compile_rules([Rule(action="at_most", of=of, count=1)], columns, FEATURES)[0].groups


def test_at_most_counts_every_member_of_a_set_and_whole_paths(columns):
    tags = _groups(columns, "tags")
    assert tags.shape == (4, 2) and tags[0, 0] == tags[1, 1] != tags[1, 0]
    assert (tags[2:] == -1).all() and tags[0, 1] == -1
    path = _groups(columns, "path")
    assert path.shape == (4, 1) and path[2, 0] == -1 and len(set(path[:, 0].tolist())) == 4
    colour = _groups(columns, "colour")
    assert colour.shape == (4, 1) and colour[0, 0] == colour[1, 0] >= 0 > colour[3, 0]


def test_codes_for_likeness_and_for_a_mix(columns):
    codes = category_codes(columns, FEATURES)
    assert codes.shape == (4, 3, 2)
    assert codes[0, 0].tolist() == [codes[1, 0, 0], -1]
    mix = mix_codes(columns, FEATURES)  # colours, and the first levels of paths
    assert mix[0, 0] == mix[1, 0] and mix[3, 0] == -1
    assert mix[1, 1] == mix[3, 1] != mix[0, 1] and mix[2, 1] == -1


def test_without_such_columns_there_is_one_member():
    plain = FeatureSet(products=FEATURES.products[:1])
    found = catalogue_columns(CATALOG, plain, IDS)
    assert category_codes(found, plain).shape == (4, 1, 1)
    assert category_codes({"product_id": np.array(IDS, object)}, FeatureSet()).shape == (4, 0, 1)
