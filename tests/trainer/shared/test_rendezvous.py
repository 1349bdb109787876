"""Processes that find each other by a folder: the containers of Kubeflow's further workers are real ones."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from schema.errors import UserError
from trainer.shared.rendezvous import CLUSTER_VARIABLE, MEETING_VARIABLE, Meeting

ROOT = Path(__file__).parents[3]
NODE = "RetrievalTrainer"


@pytest.fixture
def alone(monkeypatch):
    """No cluster in the environment, neither before nor after."""
    for variable in (CLUSTER_VARIABLE, MEETING_VARIABLE):
        monkeypatch.setenv(variable, "")
        monkeypatch.delenv(variable)


@pytest.fixture
def start_worker(tmp_path):
    processes = []

    def start(index):
        command = [
            sys.executable,
            "-m",
            "pipeline.kubeflow.worker",
            "--run=run-1",
            f"--pipeline-root={tmp_path}",
        ]
        command += [f"--metadata-url=sqlite:///{tmp_path}/m.db", f"--node={NODE}", f"--worker={index}"]
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{Path(__file__).parent}"}
        environment.pop(CLUSTER_VARIABLE, None)
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def meeting(tmp_path):
    return Meeting(tmp_path / "runs" / "run-1" / "workers" / NODE, 3)


def wait_for(condition):
    while not condition():
        time.sleep(0.05)


def test_all_do_the_same_job_in_one_cluster(alone, start_worker, meeting, tmp_path):
    workers = [start_worker(index) for index in (1, 2)]
    meeting.invite()
    assert Meeting.of_environment() == meeting
    meeting.lead(
        "rendezvous_job.run_fn", SimpleNamespace(serving_model_dir=str(tmp_path), custom_config={"seed": 4})
    )
    meeting.close()
    said = [worker.communicate(timeout=300)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert said == [f"{NODE}: trained along\n"] * 2
    own = json.loads(os.environ[CLUSTER_VARIABLE])
    assert own["task"] == {"type": "worker", "index": 0} and len(set(own["cluster"]["worker"])) == 3
    for index in (1, 2):
        place, config = json.loads((tmp_path / f"{index}.json").read_text())
        assert place == {"cluster": own["cluster"], "task": {"type": "worker", "index": index}}
        assert config == {"seed": 4}


def test_workers_of_a_cached_model_go_home(start_worker, meeting):
    worker = start_worker(1)
    wait_for((meeting.folder / "1.address").exists)
    meeting.close()
    assert worker.communicate(timeout=300)[0] == f"{NODE}: not needed\n"
    assert worker.returncode == 0


def test_a_second_attempt_forgets_the_first(alone, meeting):
    meeting.folder.mkdir(parents=True)
    for name in ("0.address", "1.address", "job.json", "closed"):
        (meeting.folder / name).write_text("of a process that is gone")
    meeting.invite()
    assert list(meeting.folder.iterdir()) == []


def test_a_job_for_another_address_is_not_done(meeting):
    """A worker that was started anew waits until the first process has seen its new address."""
    meeting.folder.mkdir(parents=True)
    (meeting.folder / "job.json").write_text(
        json.dumps({"workers": ["a:1", "b:2"], "run_fn": "x.y", "fn_args": {}})
    )
    done = []

    def close_after_a_while(path):
        (path / "closed").write_text("")

    import threading

    threading.Timer(1.5, close_after_a_while, [meeting.folder]).start()
    assert meeting.help(1, lambda *given: done.append(given)) is False
    assert done == [] and (meeting.folder / "1.address").read_text() != "b:2"


def test_not_all_of_them_come(alone, meeting):
    impatient = Meeting(meeting.folder, 3, patience=0.2)
    impatient.invite()
    with pytest.raises(UserError, match="Only 1 of 3 workers came"):
        impatient.lead("x.y", SimpleNamespace())
    assert CLUSTER_VARIABLE not in os.environ


def test_no_meeting(alone):
    assert Meeting.of_environment() is None
