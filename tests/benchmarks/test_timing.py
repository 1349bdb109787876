from __future__ import annotations

from benchmarks.timing import in_turn, median, percentile, quotients, spread


def test_contestants_take_turns():
    calls: list[str] = []
    seconds = in_turn({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=3)
    assert calls == ["a", "b"] * 3
    assert [len(values) for values in seconds.values()] == [3, 3]
    assert min(seconds["a"] + seconds["b"]) >= 0


def test_one_slow_round_does_not_move_the_median():
    assert median([1.0, 90.0, 2.0]) == 2.0


def test_percentiles_are_values_of_the_measurement():
    values = [float(number) for number in range(200, 0, -1)]
    assert [percentile(values, percent) for percent in (0, 50, 99, 100)] == [1.0, 101.0, 199.0, 200.0]
    assert percentile([3.0], 99) == 3.0


def test_rounds_are_compared_with_the_round_beside_them():
    assert quotients([4.0, 9.0, 30.0], [2.0, 3.0, 5.0]) == [2.0, 3.0, 6.0]
    assert spread([2.0, 3.0, 6.0]) == "3.0 (2.0–6.0)"
