"""`towerline runs --watch` follows a run as it goes, and never keeps it waiting."""

from __future__ import annotations

import json
import threading
import time

import pytest

from pipeline import cli
from pipeline.inspection.watching import watch
from pipeline.metadata.connection import open_store
from pipeline.planning.workdir import only_run

PAUSE = 0.05


@pytest.fixture
def going_on(write_to, own_store):
    """`go(nodes)` runs nodes under the lock in a thread: each is seen running, then complete or failed."""
    threads = []

    def go(*nodes):
        def work():
            with only_run(own_store.root):
                time.sleep(4 * PAUSE)
                writer = write_to.writer(own_store.root)
                run = writer.context("pipeline_run", "2026-01-04T10:00:00.000004")
                for node, state in nodes:
                    number = writer.execution(run, node, {}, {}, "RUNNING")
                    time.sleep(4 * PAUSE)
                    store = open_store(str(own_store.path))
                    (execution,) = store.get_executions_by_id([number])
                    execution.last_known_state = execution.State.Value(state)
                    store.put_executions([execution])

        thread = threading.Thread(target=work)
        threads.append(thread)
        thread.start()
        while not (own_store.root / "run.lock").exists():
            time.sleep(0.01)
        time.sleep(PAUSE)

    yield go
    for thread in threads:
        thread.join()


def test_each_node_is_told_as_it_begins_and_ends(going_on, own_store, capsys):
    going_on(("ProductExampleGen", "COMPLETE"), ("StatisticsGen", "FAILED"))
    assert watch(str(own_store.path), own_store.root, pause=PAUSE) == 1
    out, err = capsys.readouterr()
    assert "not come to its first node" in err
    told = [line.split()[:-2] if line.endswith(" s") else line.split() for line in out.splitlines()]
    assert told == [
        ["Run", "2026-01-04T10:00:00.000004"],
        ["[", "1]", "ProductExampleGen", "running"],
        ["[", "1]", "ProductExampleGen", "complete"],
        ["[", "2]", "StatisticsGen", "running"],
        ["[", "2]", "StatisticsGen", "failed"],
        ["Ended", "failed"],
    ]


def test_as_json_each_line_is_an_object(going_on, own_store, capsys):
    going_on(("ProductExampleGen", "COMPLETE"))
    assert watch(str(own_store.path), own_store.root, as_json=True, pause=PAUSE) == 1
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["run", "node", "node", "end"]
    assert events[2]["seconds"] >= 3 * PAUSE and events[-1]["state"] == "stopped"


def test_a_run_that_is_over_is_told_at_once(own_store, capsys):
    assert cli.main(["runs", "--watch", "--workdir", str(own_store.root)]) == 1
    out = capsys.readouterr().out
    assert "StatisticsGen          killed" in out and out.endswith("Ended killed\n")


def test_nothing_to_follow(tmp_path, capsys):
    assert cli.main(["runs", "--watch", "--workdir", str(tmp_path)]) == 0
    assert "none is on record" in capsys.readouterr().err


def test_limit(own_store, capsys, run_ids):
    where = ["--workdir", str(own_store.root), "--json"]
    assert cli.main(["runs", "--limit", "2", *where]) == 0
    assert [row["run_id"] for row in json.loads(capsys.readouterr().out)] == list(run_ids[1:])
    assert cli.main(["runs", "--limit", "0", *where]) == 2
    assert "`--limit` must be at least 1" in capsys.readouterr().err


def test_readers_do_not_lock_out_a_writer(own_store, write_to):
    """A writer beside four readers without a pause writes all that it has to, and nobody fails."""
    done = threading.Event()
    failures = []

    def read():
        try:
            while not done.is_set():
                assert cli.main(["runs", "--json", "--workdir", str(own_store.root)]) == 0
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for thread in readers:
        thread.start()
    try:
        writer = write_to.writer(own_store.root)
        run = writer.context("pipeline_run", "2026-01-05T10:00:00.000005")
        numbers = [writer.execution(run, f"Node{number}", {}, {}) for number in range(20)]
    finally:
        done.set()
        for thread in readers:
            thread.join()
    assert failures == []
    assert len(set(numbers)) == 20
