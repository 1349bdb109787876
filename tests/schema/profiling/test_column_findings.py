from __future__ import annotations

import pytest

from schema.profiling.column_findings import loose, spelling_findings


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("00042", "42"),
        ("42", "42"),
        ("42,0", "42"),
        ("1,042", "1042"),
        ("1.042.000", "1042000"),
        ("AbC", "abc"),
        ("'42", "42"),
        ("4\u200b2", "42"),
        ("u\u0308", "\u00fc"),
        ("0", "0"),
        ("000", "0"),
        ("1.5", "1.5"),
        ("a-1", "a-1"),
        ("", ""),
    ],
)
def test_what_two_spellings_share(name, expected):
    assert loose(name) == expected


def told(used, listed):
    return list(spelling_findings("users", "user_id", set(used), set(listed), "events"))


def test_tables_that_never_meet_but_for_a_spelling_are_refused():
    (found,) = told(["001", "002", "003", "x"], ["1", "2", "3"])
    assert told(["001", "002", "003"], ["1", "2", "3"])[0].severity == "error"
    assert found.severity == "warning"  # 3 of 4 are less than 80 %
    assert (found.count, found.example) == (3, "'001' in `events` beside '1'")


def test_a_few_spellings_are_told():
    (found,) = told(["A1", "a2", "a3"], ["a1", "a2", "a3"])
    assert (found.severity, found.count, found.action) == ("warning", 1, "read as different ids")


@pytest.mark.parametrize(
    ("used", "listed"), [(["a"], ["a", "A"]), (["a", "b"], []), (["a", "b"], ["c"]), ([], ["a"])]
)
def test_other_ids_are_not_told(used, listed):
    assert told(used, listed) == []
