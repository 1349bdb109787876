from __future__ import annotations

from benchmarks.training.__main__ import Measured, main, markdown


def test_the_ratio_is_that_of_examples_a_second_round_by_round():
    ours = Measured("ours", 400, (0.02, 0.01, 0.04), 900.0)
    plain = Measured("plain", 100, (0.05, 0.05, 0.03), 1200.4)
    assert markdown([ours, plain]).splitlines()[2:] == [
        "| ours       | 400             | 20.0      | 20,000     | 1.0 (1.0–1.0)   | 900     |",
        "| plain      | 100             | 50.0      | 2,000      | 10.0 (3.0–20.0) | 1,200   |",
    ]


def test_a_folder_without_a_finished_run(tmp_path, capsys):
    assert main(["--workdir", str(tmp_path)]) == 2
    assert "name the work directory of a finished" in capsys.readouterr().err
