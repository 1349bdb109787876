"""What a run leaves behind it never makes it fail."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from pipeline.commands import run as run_command
from pipeline.config.settings import TowerlineConfig
from pipeline.inspection.graph import read_graph
from pipeline.reporting import page


@pytest.fixture
def plan(own_store):
    return SimpleNamespace(
        metadata_path=str(own_store.path), workdir=str(own_store.root), config=TowerlineConfig()
    )


def test_the_newest_run_is_reported_and_recorded(plan, own_store, run_ids, monkeypatch):
    started = read_graph(own_store.path).runs[-1].executions[0].started
    monkeypatch.setattr("sys.argv", ["towerline", "run", "--source", "mysql://reader:s3same@db/shop"])
    path = page.write_report(plan, started)
    assert path == own_store.root / "reports" / f"{run_ids[2]}.html"
    record = json.loads(path.with_suffix(".json").read_text())
    assert record["command"] == "towerline run --source mysql://reader:***@db/shop"
    assert record["config"]["seed"] == 42 and record["packages"]["tfx"]
    assert "s3same" not in path.read_text() and "reader:***@db" in path.read_text()


def test_an_older_run_is_left_alone(plan, own_store):
    later = read_graph(own_store.path).runs[-1].executions[-1].started + 3600
    assert page.write_report(plan, later) is None
    assert not (own_store.root / "reports").exists()


def test_a_report_that_cannot_be_written_is_one_line(plan, own_store, capsys):
    (own_store.root / "reports").write_text("a file in the way")
    run_command.leave_report(plan, 0.0, as_json=False)
    captured = capsys.readouterr()
    assert captured.err.startswith("No report was written: FileExistsError") and captured.out == ""
