"""Windows of an unusual volume count less."""

from __future__ import annotations

import numpy as np

from components.candidate_indexer.executor import window_weights

WINDOW = 8
CUTOFFS = (10, 20, 30, 40, 50)


def weights(**changed):
    """Ten events in each unit of time; `changed`: tNN -> events of that unit."""
    counts = np.full(60, 10)
    for name, count in changed.items():
        counts[int(name[1:])] = count
    return window_weights(np.repeat(np.arange(60), counts), CUTOFFS, WINDOW)


def test_even_windows_all_count():
    assert weights() == dict.fromkeys(CUTOFFS, 1.0)


def test_a_window_of_less_than_a_quarter_of_the_usual_counts_a_quarter():
    gap = {f"t{time}": 2 for time in range(30, 38)}
    assert weights(**gap) == {10: 1.0, 20: 1.0, 30: 0.25, 40: 1.0, 50: 1.0}


def test_a_window_of_more_than_four_times_the_usual_counts_a_quarter():
    rush = {f"t{time}": 41 for time in range(30, 38)}
    assert weights(**rush)[30] == 0.25
    assert weights(**dict.fromkeys(rush, 40))[30] == 1.0


def test_a_gap_just_before_a_window_spoils_what_is_known_at_its_start():
    assert weights(t18=0, t19=4) == {10: 1.0, 20: 0.25, 30: 1.0, 40: 1.0, 50: 1.0}


def test_one_cutoff_is_what_is_usual():
    assert window_weights(np.array([5, 12]), (10,), WINDOW) == {10: 1.0}
