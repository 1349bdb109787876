"""What lists are worth, by hand."""

import math

import pytest

from benchmarks.replay.measuring import ALL, FIRST, NEW, Scores, compared, ndcg
from benchmarks.replay.report import Report, as_dict, markdown
from benchmarks.replay.shop import Bought

SECOND = 1 / math.log2(3)


def test_ndcg_of_a_list():
    assert ndcg(["a", "b"], {"a"}) == 1.0
    assert ndcg(["x", "a"], {"a"}) == pytest.approx(SECOND)
    assert ndcg(["x", "a"], {"a", "b"}) == pytest.approx(SECOND / (1 + SECOND))
    assert ndcg([], {"a"}) == 0.0
    assert ndcg([*map(str, range(10)), "a"], {"a"}) == 0.0  # the eleventh


def scored(lists):
    """Two days of u1 and one of u2; `n` was first sold in the window."""
    scores = Scores()
    days = [
        (Bought("u1", ("a", "n")), frozenset("a")),
        (Bought("u1", ("a",)), frozenset("an")),
        (Bought("u2", ("b",)), frozenset("b")),
    ]
    for (bought, before), ranked in zip(days, lists, strict=True):
        scores.add(bought, ranked, before, frozenset("ab"))
    return scores


def test_means_are_over_the_days_of_a_user():
    scores = scored([["a", "n"], ["x", "a"], ["x"]])
    assert scores.per_user(ALL) == pytest.approx({"u1": (1 + SECOND) / 2, "u2": 0.0})
    assert scores.per_user(NEW) == {"u1": 1.0}  # `a` is left out of the list, which was bought before
    assert scores.per_user(FIRST) == {"u1": 1.0}


def test_schedules_are_compared_with_the_first():
    scores = {"left": scored([["a", "x"], ["a"], ["x"]]), "refreshed": scored([["a", "n"], ["a"], ["b"]])}
    found = compared(scores, seed=1)
    first_day = 1 / (1 + SECOND)
    assert found[ALL].means["left"].mean == pytest.approx(((first_day + 1) / 2 + 0) / 2)
    assert found[ALL].gains["refreshed"].mean == pytest.approx((1 - (first_day + 1) / 2 + 1) / 2)
    assert found[FIRST].num_users == 1 and found[FIRST].gains["refreshed"].mean == 1.0
    assert found[ALL].gains["refreshed"].low <= found[ALL].gains["refreshed"].mean


def test_the_report_names_days_lists_and_times():
    scores = {"left": scored([["a"], ["a"], ["x"]]), "refreshed": scored([["a"], ["a"], ["b"]])}
    report = Report("complete-journey-quick", 1, scores, 2, 3, [60.0, 80.0, 70.0], [500.0], 1)
    text = markdown(report, "towerline benchmark replay --days 2")
    assert "2 days of complete-journey-quick, 3 lists" in text
    assert (
        "a refresh 70 (median of 3); a run 500 (median of 1)" in text and "1 of the runs were refused" in text
    )
    assert "| left " in text and "–" in text
    assert as_dict(report)["metrics"][ALL]["users"] == 2
    nothing = Report("x", 1, {"left": Scores()})
    assert as_dict(nothing)["metrics"] == {} and markdown(nothing, "c").startswith("`c`: 0 days")
