"""The runner on a pipeline of two tiny nodes: what ran, what came from the cache, whose failure it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from pipeline.config.settings import MetadataSettings, TowerlineConfig
from pipeline.planning.plan import PIPELINE_NAME, RunPlan
from pipeline.runs.local_runner import (
    NodeFailedError,
    ended_by_dead_workers,
    expected_seconds,
    run_locally,
    signal_of,
)
from schema.errors import PipelineRefusedError, UserError
from schema.features import FeatureSet
from schema.windows import TimeWindows


@pytest.fixture(scope="module")
def create():
    sys.path.insert(0, str(Path(__file__).parent))
    import tiny_nodes

    yield lambda behaviour: partial(tiny_nodes.create, behaviour=behaviour)
    sys.path.remove(str(Path(__file__).parent))


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "logs").mkdir()
    windows = TimeWindows(
        start=0,
        ranking_cutoffs=(5,),
        retrieval_end=5,
        window=2,
        retrieval_cutoffs=(3,),
        eval_start=7,
        test_start=9,
        now=11,
    )
    return RunPlan(
        config=TowerlineConfig(),
        features=FeatureSet(),
        windows=windows,
        event_weights={},
        fingerprint="",
        workdir=str(tmp_path),
        schema_file="",
    )


def outcomes(run):
    return [(stage.node, stage.outcome) for stage in run.stages]


def test_second_run_comes_from_the_cache(plan, create, capfd):
    from pipeline.metadata.store import RunStore

    first = run_locally(plan, create("go"))
    second = run_locally(plan, create("go"))

    assert outcomes(first) == [("Writer", "ran"), ("Reader", "ran")]
    assert outcomes(second) == [("Writer", "cached"), ("Reader", "cached")]
    runs = RunStore(plan.metadata_path, PIPELINE_NAME).runs()
    assert [[(e.node, e.state) for e in run.executions] for run in runs] == [
        [("Writer", "COMPLETE"), ("Reader", "COMPLETE")],
        [("Writer", "CACHED"), ("Reader", "CACHED")],
    ]
    shown = capfd.readouterr().out
    assert "[ 1/2] Writer" in shown and "[ 2/2] Reader" in shown
    assert "chatter" not in shown and "chatter of TFX" in first.log_path.read_text()
    record = json.loads(first.log_path.with_suffix(".json").read_text())
    assert [stage["node"] for stage in record["stages"]] == ["Writer", "Reader"]
    assert all(stage["peak_memory"] > 0 for stage in record["stages"])


@pytest.mark.parametrize(
    "server",
    [
        pytest.param("postgres_url", marks=pytest.mark.postgres),
        pytest.param("mysql_url", marks=pytest.mark.mysql),
    ],
)
def test_ml_metadata_on_a_server(plan, create, server, request, monkeypatch):
    from pipeline.metadata.location import PASSWORD_VARIABLE
    from pipeline.metadata.store import RunStore
    from schema.source import mask_url, password_of

    url = request.getfixturevalue(server)
    monkeypatch.setenv(PASSWORD_VARIABLE, password_of(url))
    config = plan.config.model_copy(update={"metadata": MetadataSettings(url=mask_url(url))})
    plan = plan.model_copy(update={"config": config})
    first, second = (run_locally(plan, create("go")) for _ in range(2))
    assert outcomes(first) == [("Writer", "ran"), ("Reader", "ran")]
    assert outcomes(second) == [("Writer", "cached"), ("Reader", "cached")]
    store = RunStore(plan.metadata_path, PIPELINE_NAME)
    assert [[item.state for item in run.executions] for run in store.runs()] == [
        ["COMPLETE", "COMPLETE"],
        ["CACHED", "CACHED"],
    ]
    model = store.outputs(store.runs()[1].executions[0])["model"][0]
    assert model.properties["colour"] == "red"
    store.retire([model])
    assert outcomes(run_locally(plan, create("go"))) == [("Writer", "ran"), ("Reader", "ran")]
    said = first.log_path.read_text() + second.log_path.read_text()
    assert password_of(url) not in said and not (Path(plan.workdir) / "metadata.db").exists()


def test_outputs_are_walked_by_events_also_of_cached_executions(plan, create):
    from pipeline.metadata.store import RunStore

    run_locally(plan, create("go"))
    run_locally(plan, create("go"))
    store = RunStore(plan.metadata_path, PIPELINE_NAME)
    first, second = (store.outputs(run.executions[0])["model"][0] for run in store.runs())
    assert first.type_name == "Model"
    assert first.properties["colour"] == "red"
    assert second.uri == first.uri


@pytest.mark.parametrize(
    ("behaviour", "kind", "match"),
    [
        ("refuse", PipelineRefusedError, "^the data are not valid$"),
        ("mistake", UserError, "^no such table$"),
        ("beam", UserError, "^no such column$"),
        ("crash", NodeFailedError, "node Reader failed: ZeroDivisionError: never mind"),
    ],
)
def test_a_failure_says_who_must_mend_it(plan, create, behaviour, kind, match, capfd):
    with pytest.raises(kind, match=match):
        run_locally(plan, create(behaviour))
    assert "Reader                 failed" in capfd.readouterr().out
    run = run_locally(plan, create("go"))
    assert outcomes(run) == [("Writer", "cached"), ("Reader", "ran")]


def test_runs_tell_which_node_was_killed(plan, create, tmp_path, capsys):
    from pipeline.cli import main

    code = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "from functools import partial\n"
        "import tiny_nodes\n"
        "from pipeline.runs.local_runner import run_locally\n"
        "from pipeline.planning.plan import RunPlan\n"
        "run_locally(RunPlan.from_json(sys.argv[3]), partial(tiny_nodes.create, behaviour='die'))\n"
    )
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[3])]
    done = subprocess.run([sys.executable, "-c", code, *folders, plan.to_json()], check=False)
    assert done.returncode == -signal.SIGKILL
    assert main(["runs", "--workdir", str(tmp_path), "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)
    assert run["nodes"] == {"complete": 1, "killed": 1}
    assert outcomes(run_locally(plan, create("die_not"))) == [("Writer", "cached"), ("Reader", "ran")]


def record(folder, name, **nodes):
    stages = [{"node": node, "outcome": outcome, "seconds": took} for node, (outcome, took) in nodes.items()]
    (folder / f"run-{name}.json").write_text(json.dumps({"seconds": 1.0, "stages": stages}))


def test_the_newest_run_that_was_not_cached_counts(tmp_path):
    record(tmp_path, "20240101T000000", Reader=("ran", 9.0), Trainer=("ran", 90.0))
    record(tmp_path, "20240102T000000", Reader=("ran", 5.0), Trainer=("cached", 0.1), Pusher=("failed", 2.0))
    assert expected_seconds(tmp_path) == {"Reader": 5.0, "Trainer": 90.0}


def test_records_that_cannot_be_read_say_nothing(tmp_path):
    (tmp_path / "run-20240103T000000.json").write_text('{"stages": [{"no')
    (tmp_path / "run-20240104T000000.json").write_text('{"stages": [5]}')
    (tmp_path / "run-20240104T000000.log").write_text("words")
    assert expected_seconds(tmp_path) == {}
    assert expected_seconds(tmp_path / "absent") == {}


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("Worker subprocess exited with return code -9", 9),
        ("Worker subprocess exited with return code 137", 9),
        ("Worker subprocess exited with return code 139", 11),
        ("Worker subprocess exited with return code 1", 0),
        ("connection reset", 0),
    ],
)
def test_a_signal_is_told_from_an_error(message, number):
    assert signal_of(message) == number


def watch(name, code):
    """A thread that ends as Beam's do when their process has ended with a code."""

    def ends():
        time.sleep(0.2)
        raise RuntimeError(f"Worker subprocess exited with return code {code}")

    thread = threading.Thread(target=ends, name=name)
    thread.start()
    return thread


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_main_thread_is_woken_out_of_waiting():
    told = pytest.raises(UserError, match=r"ended by signal 9 .*lower `--direct_num_workers`")
    with told, ended_by_dead_workers():
        watch("run_worker", 137)
        threading.Event().wait(60)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(("name", "code"), [("run_worker", 1), ("another", 137)])
def test_other_ends_wake_nobody(name, code):
    with ended_by_dead_workers():
        watch(name, code).join()
        assert not threading.Event().wait(0.1)


def test_what_was_there_before_is_put_back():
    told, before = threading.excepthook, signal.getsignal(signal.SIGUSR1)
    with ended_by_dead_workers():
        assert threading.excepthook is not told
        os.kill(os.getpid(), signal.SIGUSR1)  # of somebody else: nothing has died
    assert (threading.excepthook, signal.getsignal(signal.SIGUSR1)) == (told, before)


def test_in_another_thread_nothing_is_done():
    found = []

    def inside():
        told = threading.excepthook
        with ended_by_dead_workers():
            found.append(threading.excepthook is told)

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert found == [True]
