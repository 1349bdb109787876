"""The command line as a stranger's script calls it."""

import json
import os
import sqlite3
import subprocess
import sys

import pytest

from pipeline import cli

HEAVY = (
    "tensorflow",
    "tfx",
    "pandas",
    "apache_beam",
    "ml_metadata",
    "pyarrow",
    "sqlalchemy",
    "numpy",
    "pydantic",
)


def towerline(*arguments, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_parser_imports_nothing_heavy():
    code = "import sys, pipeline.cli; pipeline.cli.build_parser(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(HEAVY[:5]) & set(done.stdout.split()) == set()


def test_help_names_every_command(tmp_path):
    done = towerline("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert all(command.NAME in done.stdout for command in cli.COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--source", "sqlite:///absent.db"], "absent.db"),
        (["run", "--source", "{url}", "--set", "seed"], "`--set` takes key=value"),
        (["run", "--source", "{url}", "--set", "split.eval_windw=3d"], "Did you mean `split.eval_window`"),
        (["run", "--source", "{url}", "--set", "split.eval_window=400d"], "no training data"),
        (["run", "--source", "{url}", "--config", "absent.yaml"], "absent.yaml"),
        (["run", "--source", "{url}", "--workdir", "/proc/towerline"], "work directory cannot be written"),
        (["run"], "--source"),
        (["recommend", "--user", "u1"], "No model has been pushed"),
        (["recommend", "--user", "u1", "--top-k", "0"], "at least 1"),
        (["recommend", "--users", "ids.txt"], "belong together"),
        (["recommend"], "--user"),
        (["schema", "show"], "No schema is frozen"),
        (["demo", "complete-journy", "--output", "x.db"], "complete-journey"),
        (["nonsense"], "invalid choice"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(tmp_path, checkerboard_url, arguments, message):
    done = towerline(*(text.format(url=checkerboard_url) for text in arguments), cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "place"),
    [
        (OSError(28, "No space left on device", "shop.db"), ": shop.db"),
        (OSError(28, "No space left on device"), ""),
        (OSError(122, "Disk quota exceeded"), ""),
        (sqlite3.OperationalError("database or disk is full"), ""),
        (RuntimeError("INTERNAL: /x/events: No space left on device"), ""),
    ],
)
def test_a_full_disk_is_one_clear_line_and_no_internal_failure(tmp_path, monkeypatch, capsys, error, place):
    def no_space(arguments):
        try:
            raise error
        except type(error) as cause:
            raise ValueError("the node failed") from cause

    for raised in (no_space, lambda arguments: (_ for _ in ()).throw(error)):
        monkeypatch.setattr(cli.runs, "execute", raised)
        assert cli.main(["runs", "--workdir", str(tmp_path)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line == (
            f"towerline: No space left on device{place}. Remedy: free some space there, or choose another "
            "--workdir."
        )
    assert list(tmp_path.iterdir()) == []


def test_an_internal_failure_leaves_a_log(tmp_path, monkeypatch, capsys):
    def broken(arguments):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(cli.runs, "execute", broken)
    assert cli.main(["runs", "--workdir", str(tmp_path)]) == 3
    (log,) = (tmp_path / "logs").iterdir()
    assert str(log) in capsys.readouterr().err
    assert "ZeroDivisionError: oh" in log.read_text()


def test_quiet_holds_back_what_is_said_on_the_way(tmp_path, monkeypatch, capsys):
    def working(arguments):
        cli.console.note("on the way")
        cli.console.say("the result")
        raise cli.UserError("what is wrong")

    monkeypatch.setattr(cli.runs, "execute", working)
    assert cli.main(["runs", "--quiet"]) == 2
    assert capsys.readouterr() == ("the result\n", "towerline: what is wrong\n")
    assert cli.main(["runs"]) == 2
    assert capsys.readouterr() == ("the result\n", "on the way\ntowerline: what is wrong\n")


def test_an_interruption_is_exit_code_130(monkeypatch, capsys):
    def interrupted(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.runs, "execute", interrupted)
    assert cli.main(["runs"]) == 130
    assert "stopped" in capsys.readouterr().err


def test_runs_of_a_new_work_directory_are_none(tmp_path):
    done = towerline("runs", "--json", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_schema_is_frozen_shown_and_kept(tmp_path, checkerboard_url):
    frozen = towerline("schema", "freeze", "--source", checkerboard_url, cwd=tmp_path)
    assert "products.colour: category" in frozen.stdout, frozen.stderr
    again = towerline("schema", "freeze", "--source", checkerboard_url, cwd=tmp_path)
    assert again.returncode == 2 and "--force" in again.stderr
    assert (
        towerline("schema", "freeze", "--source", checkerboard_url, "--force", cwd=tmp_path).returncode == 0
    )
    shown = json.loads(towerline("schema", "show", "--json", cwd=tmp_path).stdout)
    assert [column["name"] for column in shown["users"]] == ["colour_liked", "age"]


def test_doctor_names_what_would_fail(tmp_path, checkerboard_url):
    well = towerline("doctor", "--source", checkerboard_url, "--json", cwd=tmp_path)
    statuses = {check["name"]: check["status"] for check in json.loads(well.stdout)}
    assert (well.returncode, statuses["database"], statuses["packages"]) == (0, "ok", "ok")
    sqlite3.connect(tmp_path / "empty.db").execute("CREATE TABLE products (product_id)")
    ill = towerline("doctor", "--source", "sqlite:///empty.db", cwd=tmp_path)
    assert ill.returncode == 2
    assert "fails    database" in ill.stdout and "events" in ill.stdout
