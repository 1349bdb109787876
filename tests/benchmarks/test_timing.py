from __future__ import annotations

from benchmarks.timing import in_turn, median


def test_contestants_take_turns():
    calls: list[str] = []
    seconds = in_turn({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=3)
    assert calls == ["a", "b"] * 3
    assert [len(values) for values in seconds.values()] == [3, 3]
    assert min(seconds["a"] + seconds["b"]) >= 0


def test_one_slow_round_does_not_move_the_median():
    assert median([1.0, 90.0, 2.0]) == 2.0
