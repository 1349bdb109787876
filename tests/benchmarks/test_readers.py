from __future__ import annotations

from benchmarks.readers import compare, main


def test_both_paths_are_measured(checkerboard_url, capsys):
    found = compare(checkerboard_url, rounds=1)
    assert found.num_rows == 2866
    assert found.arrow_seconds > 0
    assert found.rows_seconds > 0
    assert main([checkerboard_url, "--rounds", "1"]) == 0
    assert "2,866 events" in capsys.readouterr().out


def test_a_database_that_is_not_there(tmp_path, capsys):
    assert main([f"sqlite:///{tmp_path}/none.db"]) == 2
    assert "No such database file" in capsys.readouterr().err
