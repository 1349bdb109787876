"""Workers killed while they write: the run ends and says so, and nothing half-written is used."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.killing, pytest.mark.timeout(1800)]  # three runs, each of which imports TFX

PROGRAM = Path(__file__).with_name("generate.py")
PROCESSES = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")


def start(source, workdir, log, *beam):
    command = [sys.executable, str(PROGRAM), source, str(workdir), *beam]
    environment = {**os.environ, "PYTHONPATH": str(PROGRAM.parents[2])}
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, env=environment)


def written(workdir):
    """Files of the examples, finished or not, by execution and path."""
    folder = workdir / "artifacts" / "ProductExampleGen" / "examples"
    return {str(path.relative_to(folder)): path for path in folder.rglob("*data_tfrecord*")}


def kill_workers(process):
    """SIGKILL to the Python processes that Beam has started."""
    workers = [
        child
        for child in psutil.Process(process.pid).children(recursive=True)
        if child.name().startswith("python") and "sdk_worker_main" in " ".join(child.cmdline())
    ]
    for worker in workers:
        worker.kill()
    return len(workers)


def test_workers_killed_while_they_write(tmp_path):
    """The shop is large enough for seconds of writing; the next run gives what one process gives."""
    from benchmarks.pipeline.shops import write_shop

    write_shop(tmp_path / "shop.db", Path(os.devnull), 30_000, 7)
    source = f"sqlite:///{tmp_path / 'shop.db'}"
    disturbed, calm = tmp_path / "disturbed", tmp_path / "calm"
    with (tmp_path / "log").open("wb") as log:
        process = start(source, disturbed, log, *PROCESSES)
        try:
            while not written(disturbed):
                assert process.poll() is None, (tmp_path / "log").read_text()[-3000:]
                time.sleep(0.005)
            assert kill_workers(process)
            assert process.wait(300) == 2
        finally:
            process.kill()
    told = (tmp_path / "log").read_text()
    assert told.count("refused: A worker process of Beam was ended by signal 9 in the middle of a node") == 1
    assert not written(disturbed), "what a failed node had begun is removed"

    with (tmp_path / "log").open("wb") as log:
        assert start(source, disturbed, log, *PROCESSES).wait(600) == 0
        assert start(source, calm, log).wait(600) == 0
    told = (tmp_path / "log").read_text()
    assert told.count("ProductExampleGen ran") == 2, "nothing is taken from the cache"
    new, expected = written(disturbed), written(calm)
    by_split = {name.split("/", 1)[1]: path.read_bytes() for name, path in expected.items()}
    assert len(by_split) == 4
    assert {name.split("/", 1)[1]: path.read_bytes() for name, path in new.items()} == by_split
