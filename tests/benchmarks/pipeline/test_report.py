"""The growth of the stages, and the tables."""

import pytest

from benchmarks.pipeline.report import Measured, as_dict, exponent, growth, markdown


def measured(events, seconds, plain=True):
    stages = {"ProductExampleGen": seconds, "Transform": 3 * seconds}
    other = {"CsvExampleGen": 10 * seconds, "Transform": 6 * seconds} if plain else {}
    return Measured(events, stages, dict.fromkeys(stages, 2 * 10**9), other, dict.fromkeys(other, 3 * 10**9))


def test_exponents():
    assert exponent([10, 100, 1000], [3, 30, 300]) == pytest.approx(1.0)
    assert exponent([1, 4], [5, 10]) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="needs two sizes"):
        exponent([10, 10], [1, 2])


def test_the_last_step_shows_what_small_data_hide():
    runs = [measured(100, 2.0), measured(1_000, 2.0), measured(10_000, 20.0)]
    over_all, last = growth(runs, "Transform")
    assert last == pytest.approx(1.0)
    assert over_all == pytest.approx(0.5)


def test_ratio_to_the_straightforward_way():
    assert measured(100, 2.0).ratio() == pytest.approx(16 / 4)
    assert measured(100, 2.0, plain=False).ratio() is None


def test_the_tables():
    text = markdown(
        [measured(1_000, 2.0), measured(10_000, 10.0, plain=False)], "towerline benchmark pipeline"
    )
    assert text.startswith("`towerline benchmark pipeline`")
    (row,) = [line for line in text.splitlines() if line.startswith("| ProductExampleGen")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == ["ProductExampleGen", "2.0", "500", "2.00", "10.0", "1,000", "2.00", "0.70", "0.70"]
    (plain,) = [line for line in text.splitlines() if line.startswith("| CsvExampleGen")]
    assert [cell.strip() for cell in plain.strip("|").split("|")][4:] == ["–", "–", "–"]
    assert "4.0 (1,000 events) times (goal: 3)" in text


def test_json():
    found = as_dict([measured(1_000, 2.0), measured(10_000, 10.0)])
    assert found["runs"][0]["ratio"] == 4.0
    assert found["exponents"]["Transform"]["last"] == pytest.approx(0.69897)
    assert "exponents" not in as_dict([measured(1_000, 2.0)])
