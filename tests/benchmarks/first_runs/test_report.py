"""The table of first runs, and where its databases come from."""

from __future__ import annotations

import json

import pytest

from benchmarks.first_runs.databases import described, load
from benchmarks.first_runs.measuring import FirstRun, Step, _found
from benchmarks.first_runs.report import as_dict, end_of, markdown

DOCTOR = "ok  database  sqlite:///a.db: 2,234 events, 30 users, 24 products\n  users.City: category"


def first_run(run=None, code=0, num_events=2_234):
    steps = {"init": Step(0, 7.2, "Wrote"), "doctor": Step(0, 11.0, DOCTOR)}
    if run is not None:
        steps["run"] = Step(code, 300.0, run)
    return FirstRun("chinook", "sqlite", num_events, _found(steps["doctor"]), steps)


@pytest.mark.parametrize(
    ("run", "code", "end"),
    [
        (json.dumps({"fallback": None}), 0, "pushed"),
        (json.dumps({"fallback": "popularity"}) + "\nnote", 0, "pushed the fallback"),
        (json.dumps({"fallback": None}) + "\nNot pushed", 1, "refused by a gate"),
        ("towerline: Table `events` is empty.", 2, "run stopped (2)"),
        (None, 0, "doctor ended"),
    ],
)
def test_how_it_ended(run, code, end):
    assert end_of(first_run(run, code)) == end


def test_a_row_has_counts_and_seconds_and_what_stopped_it_stands_below():
    table = markdown([first_run("towerline: no.", 2), first_run(num_events=2_000)])
    _, _, stopped, short, _, below = table.splitlines()
    cells = [cell.strip() for cell in stopped.strip("|").split("|")]
    assert cells == [
        *("chinook", "sqlite", "2,234", "30", "24", "7", "11", "300", "nothing", "run stopped (2)"),
    ]
    assert "2,234 (expected 2,000)" in short and "| –" in short
    assert below == "- chinook: towerline: no."
    assert as_dict(first_run())["steps"]["init"]["code"] == 0


def test_the_databases_are_those_of_the_tests():
    small, large = described(1), described(3)
    assert set(small) == set(large) >= {"sakila", "chinook", "woocommerce", "odoo"}
    assert large["woocommerce"]().num_events > 2 * small["woocommerce"]().num_events
    with pytest.raises(FileNotFoundError, match="run this in a checkout"):
        load("pipeline/init/nothing.py")
