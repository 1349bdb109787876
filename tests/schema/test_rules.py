"""When a value meets a condition, and rules that travel as JSON."""

import numpy as np
import pytest

from schema.errors import UserError
from schema.rules import Range, Rule, matches

TEXTS = np.array(["3", "3.0", "3.5", "True", "red", "", None], object)
NUMBERS = np.array([3.0, 0.7, np.nan, -1.0, 1.0], np.float64)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("red", [4]),
        (3, [0]),
        (3.0, [0]),
        ("3.0", [1]),
        ((3.5, True), [2, 3]),
        ("", []),
        ("None", []),
        (Range(at_least=0), []),
    ],
)
def test_texts(wanted, expected):
    assert np.flatnonzero(matches(TEXTS, wanted)).tolist() == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (3, [0]),
        ("3", [0]),
        (("large", 0.7), [1]),
        ("nan", []),
        (True, [4]),
        (10**400, []),
        (Range(at_least=0.7), [0, 1, 4]),
        (Range(below=0.7), [3]),
        (Range(at_least=-1, below=1), [1, 3]),
        (Range(below=1e300), [0, 1, 3, 4]),
    ],
)
def test_numbers_are_compared_in_single_precision(wanted, expected):
    for values in (NUMBERS, NUMBERS.astype(np.float32)):
        assert np.flatnonzero(matches(values, wanted)).tolist() == expected


@pytest.mark.parametrize(
    "values",
    [
        {"action": "never", "where": {"size": 3.0}},
        {"action": "boost", "amount": 0.5, "where": {"brand": ["A", 1, True]}, "name": "ours"},
        {"action": "pin", "position": 3, "where": {"price": {"below": 3}}, "users": {"age": {"at_least": 9}}},
        {"action": "at_most", "of": "brand", "count": 2},
    ],
)
def test_a_rule_comes_back_from_json(values):
    rule = Rule.parse(values)
    assert Rule.from_json(rule.to_json()) == rule


def test_a_key_of_another_action_is_refused():
    with pytest.raises(UserError, match="`amount` has no meaning for `never`"):
        Rule.parse({"action": "never", "where": {"a": 1}, "amount": 1.0})


def test_a_value_of_several_members_meets_what_any_of_them_does():
    values = np.empty(4, object)
    values[:] = [("a", "b"), ("b",), None, ()]
    assert np.flatnonzero(matches(values, "a")).tolist() == [0]
    assert np.flatnonzero(matches(values, ("a", "b"))).tolist() == [0, 1]
    assert not matches(values, "").any()
