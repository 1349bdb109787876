"""For how long something was shown that was sold out."""

from benchmarks.serving.availability import Answered, Change, lateness

CHANGES = [Change("a", False, 10.0), Change("b", False, 11.0), Change("a", True, 20.0)]


def test_a_product_is_late_by_the_time_since_it_was_sold_out():
    answers = [
        Answered(9.0, 9.5, ("a", "b")),  # before anything changed
        Answered(12.0, 13.5, ("a", "b", "c")),
        Answered(19.0, 20.5, ("a",)),  # it is back when the answer comes
    ]
    assert lateness(CHANGES, answers) == [3.5, 2.5]


def test_what_was_sold_out_after_the_question_is_not_late_by_then():
    answers = [Answered(10.5, 13.5, ("a", "b"))]
    assert lateness(CHANGES, answers, when_asked=True) == [0.5, -0.5]
