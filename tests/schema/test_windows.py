"""Windows are global in time, lie one after the other and never reach past what the events span."""

from __future__ import annotations

from itertools import pairwise

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


def test_relative_lengths_are_whole_days_where_they_are_longer_than_one():
    windows = resolve(92)  # a tenth is 9.2 days
    assert (windows.window, windows.test_start) == (9 * DAY, 83 * DAY)
    assert resolve(5, eval_window="0.1", test_window="0.3").window == DAY // 2
    assert resolve(5, eval_window="0.1", test_window="0.3").test_start == 4 * DAY


def test_ranking_windows_are_spread_over_the_past():
    # Eval starts on day 80, windows are 10 days: nine cutoffs from day 16 (a fifth) to day 70, whole days.
    days = (16, 23, 30, 37, 43, 50, 57, 64, 70)
    assert resolve(100).ranking_cutoffs == tuple(day * DAY for day in days)


def test_ranking_windows_are_denser_towards_the_present_of_a_long_past():
    days = [cutoff // DAY for cutoff in resolve(1000).ranking_cutoffs]
    eval_start = 1000 - 2 * 28
    steps = [later - earlier for earlier, later in pairwise(days)]
    assert len(days) == 9
    assert days[-1] == eval_start - 28 and days[-2] == eval_start - 2 * 28
    assert abs(days[0] - eval_start / 5) <= 1  # the oldest begins after a fifth of the past
    assert steps == sorted(steps, reverse=True) and steps[0] > 4 * steps[-1]


def test_fewer_ranking_windows_where_they_would_overlap_by_more_than_half():
    # Eval starts on day 20, its window is 8 days: from day 8 to day 12 there is room for two.
    cutoffs = resolve(30, eval_window="8d", test_window="2d").ranking_cutoffs
    assert cutoffs == (8 * DAY, 12 * DAY)


def test_a_number_of_ranking_windows_that_is_asked_for():
    assert resolve(100, ranking_windows=1).ranking_cutoffs == (70 * DAY,)
    assert resolve(100, ranking_windows=3).ranking_cutoffs == (16 * DAY, 60 * DAY, 70 * DAY)


def test_the_towers_are_trained_up_to_the_third_newest_ranking_window():
    windows = resolve(100)
    assert windows.retrieval_end == 57 * DAY
    known = [windows.knows_towers(cutoff) for cutoff in windows.ranking_cutoffs]
    assert known == [False] * 6 + [True] * 3
    assert windows.knows_towers(windows.eval_start)


def test_the_towers_keep_half_of_the_past():
    # Eval starts on day 20, so of the cutoffs on days 8 and 12 only the later leaves them half.
    assert resolve(30, eval_window="8d", test_window="2d").retrieval_end == 12 * DAY


def test_retrieval_windows_end_before_the_towers_may_be_read():
    # That is on day 57: the newest retrieval window is 47 to 57, the oldest starts after day 0.
    assert resolve(100).retrieval_cutoffs == tuple(day * DAY for day in range(2, 50, 5))


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
    first = windows.ranking_cutoffs[0]
    assert windows.start < first <= windows.retrieval_end < windows.eval_start < windows.test_start
    assert windows.test_start < windows.now
    assert windows.retrieval_end in windows.ranking_cutoffs
    assert all(start > 0 for start in windows.retrieval_cutoffs)
    assert all(start + windows.window <= windows.retrieval_end for start in windows.retrieval_cutoffs)
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
