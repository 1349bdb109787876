"""Databases that cannot be made here."""

import pytest

from benchmarks.first_runs.__main__ import main


def test_a_server_that_is_not_installed_is_named_before_anything_runs(monkeypatch, capsys):
    monkeypatch.setattr("shutil.which", lambda *arguments, **named: None)
    with pytest.raises(SystemExit) as stopped:
        main(["--only", "chinook,sakila", "--until", "init"])
    assert stopped.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert "MariaDB is not installed (apt-get install mariadb-server)" in lines[-1] and "--only" in lines[-1]
    assert not any(line.startswith("chinook") for line in lines)
