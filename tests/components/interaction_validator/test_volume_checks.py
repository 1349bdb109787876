"""Gaps and rushes in the volume are told."""

from __future__ import annotations

from components.interaction_validator.event_checks import check_volume

FIRST = 19_000  # 2022-01-08


def volume(days=60, **changed):
    """A hundred events a day; `changed`: dNN -> events of that day."""
    found = {FIRST + day: 100 for day in range(days)}
    found |= {FIRST + int(name[1:]): count for name, count in changed.items()}
    return {day: count for day, count in found.items() if count}


def by_name(by_day):
    return {check.name: check for check in check_volume(by_day)}


def test_an_even_volume_has_neither():
    found = by_name(volume())
    assert found["gaps_in_volume"].passed and found["rushes_in_volume"].passed


def test_a_gap_is_two_days_or_more():
    assert by_name(volume(d30=0))["gaps_in_volume"].passed
    gap = by_name(volume(d30=0, d31=24, d32=0))["gaps_in_volume"]
    assert not gap.passed and not gap.stops and gap.measured == 3
    assert "from 2022-02-07 to 2022-02-09" in gap.sentence


def test_a_quarter_of_the_usual_is_no_gap():
    assert by_name(volume(d30=25, d31=25))["gaps_in_volume"].passed


def test_a_rush_is_a_day_of_more_than_three_times_the_usual():
    assert by_name(volume(d30=300))["rushes_in_volume"].passed
    rush = by_name(volume(d30=301, d40=500))["rushes_in_volume"]
    assert not rush.passed and rush.measured == 2


def test_weekends_are_no_gaps():
    quiet = {f"d{day}": 0 for day in range(60) if day % 7 in (5, 6)}
    assert not by_name(volume(**quiet))["gaps_in_volume"].passed  # closed every weekend: told
    slow = {f"d{day}": 40 for day in range(60) if day % 7 in (5, 6)}
    assert by_name(volume(**slow))["gaps_in_volume"].passed


def test_of_a_small_or_a_young_shop_nothing_is_said():
    assert by_name({FIRST + day: 3 for day in range(0, 60, 4)})["gaps_in_volume"].passed
    assert check_volume(volume(days=27)) == []
    assert check_volume({}) == []
