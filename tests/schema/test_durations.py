"""Lengths of time in days and hours."""

import pytest

from schema.durations import seconds_of


@pytest.mark.parametrize(("text", "seconds"), [("14d", 1_209_600), ("12h", 43_200), ("0d", 0)])
def test_lengths(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["14", "d", "", "1.5d", "-3d", "2w"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="such as `14d`"):
        seconds_of(text)
