import json
import os
import signal
import sqlite3
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest

from benchmarks.quality import benchmark, commands
from benchmarks.quality.leave_one_out import NEWEST
from benchmarks.quality.protocols import protocol
from schema.errors import PipelineRefusedError, UserError

MOVIELENS = protocol("movielens-100k", "full")


def answering(code, printed, calls):
    def towerline(arguments):
        calls.append(list(arguments))
        return code, printed

    return towerline


@pytest.mark.parametrize("code", [0, 1])
def test_a_model_that_was_measured_counts_blessed_or_not(monkeypatch, code):
    calls = []
    monkeypatch.setattr(commands, "_towerline", answering(code, '{"metrics": {"a": 1}}', calls))

    found = commands.run_pipeline(Path("/x/shop.db"), Path("/x/run"), ["seed=3", "refit=false"], "c.yaml")

    assert found == {"metrics": {"a": 1}}
    assert calls == [
        [
            *("run", "--json", "--source", "sqlite:////x/shop.db", "--workdir", "/x/run"),
            *("--set", "seed=3", "--set", "refit=false", "--config", "c.yaml"),
        ]
    ]


@pytest.mark.parametrize(
    ("code", "error", "message"),
    [
        (1, PipelineRefusedError, "refused before anything was measured"),
        (2, UserError, "fix it"),
        (3, RuntimeError, "exit code 3"),
    ],
)
def test_a_run_without_result_is_an_error(monkeypatch, code, error, message):
    monkeypatch.setattr(commands, "_towerline", answering(code, "", []))

    with pytest.raises(error, match=message):
        commands.run_pipeline(Path("/x/shop.db"), Path("/x/run"), [], None)


def test_a_failed_database_leaves_the_older_one(monkeypatch, tmp_path):
    (tmp_path / "shop.db").write_text("older")
    monkeypatch.setattr(commands, "_towerline", answering(2, "", []))

    with pytest.raises(UserError, match="towerline demo"):
        commands.write_database(MOVIELENS, tmp_path / "shop.db")

    assert [path.name for path in tmp_path.iterdir()] == ["shop.db"]
    assert (tmp_path / "shop.db").read_text() == "older"


def test_last_film_of_each_user_by_stamp_and_row_of_the_file(tmp_path):
    recbole = pytest.importorskip("importlib.util").find_spec("recbole")
    if recbole is None:
        pytest.skip("recbole is not installed")
    raw = Path(recbole.submodule_search_locations[0], "dataset_example/ml-100k/ml-100k.inter")
    lines = [line.split("\t") for line in raw.read_text().splitlines()[1:]]
    of_user = defaultdict(list)
    for row, (user, film, _, stamp) in enumerate(lines):
        of_user[user].append((float(stamp), row, film))

    commands.write_database(MOVIELENS, tmp_path / "loo.db")

    connection = sqlite3.connect(tmp_path / "loo.db")
    query = "SELECT user_id, product_id FROM events WHERE occurred_at = ?"
    for place in (-1, -2, -20):
        found = dict(connection.execute(query, [NEWEST + (place + 1) * 86_400]))
        expected = {user: sorted(rows)[place][2] for user, rows in of_user.items()}
        assert found == expected
    connection.close()
    assert len(of_user) == 943
    assert [path.name for path in tmp_path.iterdir()] == ["loo.db"]


def test_interrupt_leaves_no_process_behind(monkeypatch, tmp_path):
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(commands, "_PATIENCE", 0.2)

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1.0)
        with pytest.raises(KeyboardInterrupt):
            commands._towerline(["run"])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        for _ in range(20):
            os.kill(pid, 0)
            time.sleep(0.1)


def test_seeds_share_the_work_directory_and_no_champion(monkeypatch, tmp_path):
    runs, told = [], []

    def run_pipeline(database, workdir, settings, config):
        runs.append((database, workdir, list(settings), config))
        return {"metrics": {}}

    monkeypatch.setattr(benchmark, "write_database", lambda asked, path: path.write_text(asked.data))
    monkeypatch.setattr(benchmark, "run_pipeline", run_pipeline)

    report = benchmark.measure(MOVIELENS, (5, 6), tmp_path, told.append, ("ranking.num_epochs=1",), "c.yaml")

    place = tmp_path / "quality-movielens-100k-full"
    assert (place / "shop.db").read_text() == "movielens-100k"
    assert {(database, workdir, config) for database, workdir, _, config in runs} == {
        (place / "shop.db", place / "run", "c.yaml")
    }
    assert runs[0][2] == [
        *MOVIELENS.settings,
        *("refit=false", "seed=5", f"push.directory={place}/serving-5", "ranking.num_epochs=1"),
    ]
    assert runs[1][2][-3:-1] == ["seed=6", f"push.directory={place}/serving-6"]
    assert "split.test_window=1d" in MOVIELENS.settings
    assert report.seeds == (5, 6)
    assert json.dumps(report.as_dict())
    assert len(told) == 3
