from __future__ import annotations

import pytest

from schema.features import FeatureColumn, Kind
from schema.values.members import MAX_MEMBERS, all_members, member_words, members, whole_paths

TAGS = FeatureColumn(name="tags", kind=Kind.SET, separator="|")
LISTS = FeatureColumn(name="tags", kind=Kind.SET)
PATH = FeatureColumn(name="path", kind=Kind.HIERARCHY, levels=" > ")
PATHS = FeatureColumn(name="paths", kind=Kind.HIERARCHY, levels="/", separator=",")


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        (TAGS, "red| blue |red||", ("red", "blue")),
        (TAGS, "red", ("red",)),
        (TAGS, None, ()),
        (TAGS, " | ", ()),
        (TAGS, 3.0, ("3",)),
        (TAGS, ["a|b", 2, None], ("a|b", "2")),
        (TAGS, '["oat, rolled", "organic", null, 7]', ("oat, rolled", "organic", "7")),
        (LISTS, "[3, 17]", ("3", "17")),
        (LISTS, '{red,"light blue",NULL,"a\\"b"}', ("red", "light blue", 'a"b')),
        (LISTS, "{}", ()),
        (LISTS, "[not json", ("[not json",)),
        (LISTS, '{"a": 1}', ('{"a": 1}',)),
        (PATH, "Food > Dairy > Milk", ("Food", "Food > Dairy", "Food > Dairy > Milk")),
        (PATH, "Food>Dairy", ("Food", "Food > Dairy")),
        (PATH, "> Food >  > Dairy", ("Food", "Food > Dairy")),
        (PATH, "", ()),
        (PATHS, "/a/b/,a/c", ("a", "a/b", "a/c")),
        (PATHS, ["x/y", "z"], ("x", "x/y", "z")),
    ],
)
def test_members_of_a_cell(column, value, expected):
    assert members(value, column) == expected


@pytest.mark.parametrize("column", [TAGS, PATH, PATHS])
def test_members_of_members_are_the_same(column):
    found = members("a>b|c, d/e/f", column)
    assert members(list(found), column) == found


def test_the_first_members_count():
    cell = "|".join(f"t{number}" for number in range(40))
    assert members(cell, TAGS) == tuple(f"t{number}" for number in range(MAX_MEMBERS))
    assert len(all_members(cell, TAGS)) == 40


def test_whole_paths_are_no_beginnings_of_others():
    found = members("a/b/c,a/d,a/bc", PATHS)
    assert found == ("a", "a/b", "a/b/c", "a/d", "a/bc")
    assert whole_paths(found, "/") == ["a/b/c", "a/d", "a/bc"]


def test_words_have_each_level_once():
    assert member_words(members("Food > Dairy > Milk", PATH), PATH) == "Food Dairy Milk"
    assert member_words(("red", "light blue"), TAGS) == "red light blue"
