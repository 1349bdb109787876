"""`towerline inspect drift`: the newest data against that of the champion."""

from __future__ import annotations

import json
import shutil

import pytest

from pipeline import cli
from pipeline.inspection.data_drift import champion_of
from pipeline.inspection.graph import read_graph


@pytest.fixture
def ask(own_store, capsys):
    def call(*words):
        code = cli.main(["inspect", "drift", *words, "--workdir", str(own_store.root)])
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def drifted(own_store, write_to, statistics_to):
    """A fourth run whose newest users are older and do not like red; the champion's schema has a bound."""
    writer = write_to.writer(own_store.root)
    run = writer.context("pipeline_run", "2026-01-04T10:00:00.000004")
    number = writer.artifact("ExampleStatistics", "StatisticsGen/statistics/41")
    folder = own_store.root / "artifacts/StatisticsGen/statistics/41"
    statistics_to(folder / "Split-test", (40.0, 60.0), {"blue": 3, "green": 1})
    writer.execution(run, "StatisticsGen", {}, {"statistics": number})
    schema = writer.artifact("Schema", "ImportSchemaGen/schema/42")
    path = own_store.root / "artifacts/ImportSchemaGen/schema/42/schema.pbtxt"
    path.write_text(
        'feature { name: "user__age" drift_comparator { jensen_shannon_divergence { threshold: 0.9 } } }'
    )
    first = writer.context("pipeline_run", "2026-01-01T10:00:00.000001")
    writer.execution(first, "ImportSchemaGen", {}, {"schema": schema})


def test_the_largest_comes_first_with_its_threshold(drifted, ask, run_ids):
    code, out, _ = ask("--json")
    data = json.loads(out)
    assert code == 0 and data["champion"] == run_ids[0]
    age, colour = data["features"]
    # ages of 20 to 40 and of 40 to 60 share nothing; red went from 1/2 to 0, blue to 3/4, green to 1/4
    assert (age["feature"], age["drift"], age["threshold"], age["drifted"]) == ("user__age", 1.0, 0.9, True)
    assert age["measure"] == "Jensen-Shannon" and age["threshold_of"] == "schema"
    assert (colour["feature"], colour["drift"], colour["threshold"]) == ("user__colour", 0.5, 0.3)
    assert colour["moved"] == {"value": "red", "before": 0.5, "after": 0.0}
    assert colour["measure"] == "L-infinity" and colour["threshold_of"] == "default"
    out = ask()[1]
    assert "red 50.0% → 0.0%" in out and "0.3 (default)" in out
    assert out.rstrip().endswith("Beyond their thresholds: user__age, user__colour")


def test_the_champion_is_the_last_that_pushed_before(own_store, run_ids):
    graph = read_graph(own_store.path)
    assert champion_of(graph, graph.runs[0]) is None
    assert [champion_of(graph, graph.runs[place]).run_id for place in (1, 2)] == [run_ids[0]] * 2


def test_a_refresh_has_no_training_data_to_be_held_against(own_store, write_to, run_ids):
    writer = write_to.writer(own_store.root)
    refresh = writer.context("pipeline_run", "2026-01-04T10:00:00.000004")
    pushed = writer.artifact("PushedModel", "Pusher/pushed_model/51", pushed=1, refresh_of="11")
    writer.execution(refresh, "Pusher", {}, {"pushed_model": pushed})
    after = writer.context("pipeline_run", "2026-01-05T10:00:00.000005")
    writer.execution(after, "Pusher", {}, {"pushed_model": writer.artifact("PushedModel", "Pusher/52")})
    graph = read_graph(own_store.path)
    assert [run.run_id[:10] for run in graph.runs][-2:] == ["2026-01-04", "2026-01-05"]
    assert champion_of(graph, graph.runs[-1]).run_id == run_ids[0]


def test_the_newest_run_with_statistics_is_meant(ask, run_ids):
    data = json.loads(ask("--json")[1])  # the third was killed on its way to them
    assert (data["run_id"], data["champion"]) == (run_ids[1], run_ids[0])
    data = json.loads(ask(run_ids[0], "--json")[1])
    assert (data["run_id"], data["champion"]) == (run_ids[0], run_ids[0])
    assert "held to its own training data" in ask(run_ids[0])[1]


def test_statistics_that_are_not_there_are_one_line(ask, own_store, run_ids):
    code, _, err = ask(run_ids[2])
    assert code == 2 and "were never made" in err and err.count("\n") == 1
    shutil.rmtree(own_store.folder("first.statistics"))
    code, _, err = ask()
    assert code == 2 and "were removed" in err
