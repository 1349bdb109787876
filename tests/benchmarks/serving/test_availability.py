"""How late a product was still shown, counted by hand."""

import pytest

from benchmarks.serving.availability import Answered, Change, lateness

CHANGES = [Change("a", False, 10.0), Change("b", False, 11.0), Change("a", True, 14.0)]


@pytest.mark.parametrize(
    ("came", "shown", "expected"),
    [
        (9.0, "ab", []),
        (10.5, "ab", [0.5]),
        (13.0, "abc", [3.0, 2.0]),
        (14.0, "a", []),
        (15.0, "ab", [4.0]),
    ],
)
def test_lateness(came, shown, expected):
    assert lateness(CHANGES, [Answered(came - 1, came, tuple(shown))]) == expected
