"""Windows are global in time, lie one after the other and never reach past what the events span."""

from __future__ import annotations

import pytest

from schema.errors import UserError
from schema.windows import SplitSettings, TimeWindows, resolve_windows

DAY = 86_400
HOUR = 3600


def resolve(days, **settings):
    """Windows of events that span `days` days from epoch 0: `now` is exactly `days * DAY`."""
    return resolve_windows(0, int(days * DAY) - 1, SplitSettings(**settings))


def test_now_is_one_second_after_the_newest_event():
    assert resolve_windows(1000, 50 * DAY, SplitSettings()).now == 50 * DAY + 1


def test_auto_is_a_tenth_of_the_span():
    windows = resolve(100)
    assert (windows.window, windows.test_start, windows.eval_start) == (10 * DAY, 90 * DAY, 80 * DAY)


def test_auto_is_at_most_four_weeks():
    windows = resolve(1000)
    assert (windows.window, windows.test_start) == (28 * DAY, 972 * DAY)


def test_windows_of_days():
    windows = resolve(100, eval_window="14d", test_window="7d")
    assert (windows.window, windows.test_start, windows.eval_start) == (14 * DAY, 93 * DAY, 79 * DAY)


def test_windows_of_hours():
    windows = resolve(2, eval_window="5h", test_window="3h")
    assert (windows.window, windows.test_start, windows.eval_start) == (5 * HOUR, 45 * HOUR, 40 * HOUR)


@pytest.mark.parametrize("fraction", ["0.25", ".25"])
def test_windows_that_are_fractions_of_the_span(fraction):
    windows = resolve(40, eval_window=fraction, test_window="0.1")
    assert (windows.window, windows.test_start, windows.eval_start) == (10 * DAY, 36 * DAY, 26 * DAY)


def test_ranking_windows_start_half_a_window_apart_and_end_by_the_eval_window():
    # Eval starts on day 80 and windows are 10 days, so cutoffs are 70, 65, 60 and 55.
    assert resolve(100).ranking_cutoffs == (55 * DAY, 60 * DAY, 65 * DAY, 70 * DAY)


def test_the_ranker_leaves_half_of_the_training_span_to_retrieval():
    # Training spans days 0 to 80: of 70, 65, ..., 15 only those from day 40 on are kept.
    cutoffs = resolve(100, ranking_windows=12).ranking_cutoffs
    assert cutoffs == tuple(day * DAY for day in (40, 45, 50, 55, 60, 65, 70))


def test_ranking_start_is_the_first_cutoff():
    assert resolve(100).ranking_start == 55 * DAY


def test_retrieval_windows_end_before_the_ranker_starts():
    # The ranker starts on day 55: the newest retrieval window is 45 to 55, the oldest starts after day 0.
    assert resolve(100).retrieval_cutoffs == tuple(day * DAY for day in range(5, 50, 5))


def test_a_window_longer_than_the_training_span_still_leaves_one_ranking_window():
    # Eval starts on day 4 and its window of 4 days fits no more: the last half of training, from day 2.
    windows = resolve(10, eval_window="4d", test_window="2d")
    assert windows.eval_start == 4 * DAY
    assert windows.ranking_cutoffs == (2 * DAY,)


@pytest.mark.parametrize("days", [1.3, 2.7, 9.99, 33.3, 365.25])
@pytest.mark.parametrize(
    "settings", [{}, {"ranking_windows": 1}, {"eval_window": "3h", "test_window": "0.07"}]
)
def test_windows_are_in_order_for_any_span(days, settings):
    windows = resolve(days, **settings)
    assert windows.start < windows.ranking_start < windows.eval_start < windows.test_start < windows.now
    assert all(start > 0 for start in windows.retrieval_cutoffs)
    assert all(start + windows.window <= windows.ranking_start for start in windows.retrieval_cutoffs)
    assert list(windows.ranking_cutoffs) == sorted(set(windows.ranking_cutoffs))


def test_moving_all_events_moves_all_windows():
    near, far = resolve(100), resolve_windows(7 * DAY, 107 * DAY - 1, SplitSettings())
    assert tuple(stamp + 7 * DAY for stamp in near.ranking_cutoffs) == far.ranking_cutoffs
    assert (near.eval_start + 7 * DAY, near.test_start + 7 * DAY) == (far.eval_start, far.test_start)


def test_every_event_on_one_day_is_refused():
    with pytest.raises(UserError, match="every event is on one day"):
        resolve_windows(10 * DAY, 11 * DAY - 1, SplitSettings())


def test_a_single_event_is_refused():
    with pytest.raises(UserError, match="every event is on one day"):
        resolve_windows(500, 500, SplitSettings())


def test_two_events_around_midnight_are_not_one_day():
    windows = resolve_windows(DAY - HOUR, DAY + HOUR, SplitSettings())
    assert windows.start < windows.eval_start < windows.test_start < windows.now


def test_windows_that_leave_no_training_data_are_refused():
    with pytest.raises(UserError, match=r"leave no training data: together they are 12\.0 days.* 10\.0 days"):
        resolve(10, eval_window="6d", test_window="6d")


def test_windows_that_take_exactly_everything_are_refused():
    with pytest.raises(UserError, match="leave no training data"):
        resolve(10, eval_window="5d", test_window="5d")


@pytest.mark.parametrize("text", ["28", "1w", "d", "-3d", "1.5", "10 d", "0.5d", "0d", "00h", ""])
def test_a_length_that_is_none_is_refused(text):
    with pytest.raises(UserError, match=r"Configuration key `split\.eval_window`"):
        SplitSettings.parse({"eval_window": text}, "split")


def test_windows_survive_json():
    windows = resolve(100)
    assert TimeWindows.from_json(windows.to_json()) == windows
