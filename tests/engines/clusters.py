"""Clusters of Flink and Spark in processes of this machine: a master and two workers with one slot each."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).parents[2]
ENGINES = ROOT / ".engines"
NUM_WORKERS = 2
_REGISTERED = "Successfully registered with master"
_OPENED = [
    f"--add-opens=java.base/{name}=ALL-UNNAMED"
    for name in (
        *(f"java.{part}" for part in ("lang", "lang.invoke", "net", "io", "nio", "util", "util.concurrent")),
        "java.util.concurrent.atomic",
        *(f"sun.{part}" for part in ("nio.ch", "nio.cs", "security.action")),
    )
]
_FLINK = """\
jobmanager.rpc.address: localhost
jobmanager.rpc.port: {rpc}
jobmanager.bind-host: localhost
jobmanager.memory.process.size: 1024m
pekko.ask.timeout: 120 s
pekko.startup-timeout: 120 s
heartbeat.timeout: 300000
rest.address: localhost
rest.bind-address: localhost
rest.port: {rest}
taskmanager.bind-host: localhost
taskmanager.host: localhost
taskmanager.numberOfTaskSlots: 1
taskmanager.cpu.cores: 1
taskmanager.memory.framework.heap.size: 128m
taskmanager.memory.task.heap.size: 768m
taskmanager.memory.framework.off-heap.size: 128m
taskmanager.memory.task.off-heap.size: 64m
taskmanager.memory.managed.size: 128m
taskmanager.memory.network.min: 1024m
taskmanager.memory.network.max: 1024m
taskmanager.memory.jvm-metaspace.size: 256m
taskmanager.memory.jvm-overhead.min: 192m
taskmanager.memory.jvm-overhead.max: 192m
"""


def job_server_jar(engine: str) -> Path:
    jar = ENGINES / engine / "job-server.jar"
    assert jar.is_file(), f"there is no {jar}: run `make engines` once"
    return jar


@contextmanager
def job_server(engine: str, folder: Path, *master: str) -> Iterator[str]:
    """Endpoint of an engine's job server: started once, for the jobs of all tests."""
    port = free_port()
    command = ["java", "-Xmx1500m", "-jar", job_server_jar(engine), *master]
    command += ["--job-port", port, "--artifact-port", 0, "--expansion-port", 0, "--artifacts-dir", folder]
    with running(command, folder / "server.log", lambda: is_open(port)):
        yield f"localhost:{port}"


@contextmanager
def flink_cluster(folder: Path) -> Iterator[str]:
    """Address of a JobManager with two TaskManagers."""
    rest = free_port()
    (folder / "conf").mkdir()
    (folder / "conf" / "flink-conf.yaml").write_text(_FLINK.format(rpc=free_port(), rest=rest))
    with ExitStack() as stack:
        manager = "runtime.entrypoint.StandaloneSessionClusterEntrypoint"
        command = [*_flink(manager, folder, 512), "--executionMode", "cluster"]
        stack.enter_context(running(command, folder / "manager.log", lambda: is_open(rest)))
        for number in range(NUM_WORKERS):
            command = _flink("runtime.taskexecutor.TaskManagerRunner", folder, 896)
            command += ["-D", f"taskmanager.resource-id=worker-{number}"]
            stack.enter_context(running(command, folder / f"worker-{number}.log", lambda: True))
        wait_until(lambda: _slots(rest) == NUM_WORKERS, "the TaskManagers have not come")
        yield f"localhost:{rest}"


def _flink(main: str, folder: Path, megabytes: int) -> list[object]:
    jars = ENGINES / "flink" / "jars" / "*"
    memory = [f"-Xmx{megabytes}m", "-XX:MaxDirectMemorySize=1300m"]
    return [
        "java",
        *memory,
        *_OPENED,
        "-cp",
        jars,
        f"org.apache.flink.{main}",
        "--configDir",
        folder / "conf",
    ]


def _slots(port: int) -> int:
    try:
        with urlopen(f"http://localhost:{port}/overview", timeout=5) as answer:
            return int(json.load(answer)["slots-total"])
    except OSError:  # it listens before it leads
        return 0


@contextmanager
def spark_cluster(folder: Path) -> Iterator[str]:
    """URL of a master with two workers."""
    port = free_port()
    with ExitStack() as stack:
        command = [*_spark("master.Master"), "--port", port, "--webui-port", 0]
        stack.enter_context(
            running(command, folder / "master.log", lambda: is_open(port), _spark_home(folder))
        )
        for number in range(NUM_WORKERS):
            command = [*_spark("worker.Worker"), "--cores", 1, "--memory", "1g", "--webui-port", 0]
            command += ["--work-dir", folder / f"worker-{number}", f"spark://localhost:{port}"]
            log = folder / f"worker-{number}.log"
            stack.enter_context(
                running(command, log, lambda log=log: _REGISTERED in log.read_text(), _spark_home(folder))
            )
        yield f"spark://localhost:{port}"


def _spark(main: str) -> list[object]:
    jars = ENGINES / "spark" / "jars" / "*"
    return [
        "java",
        "-Xmx512m",
        *_OPENED,
        "-cp",
        jars,
        f"org.apache.spark.deploy.{main}",
        "--host",
        "localhost",
    ]


def _spark_home(folder: Path) -> dict[str, str]:
    return {
        "SPARK_HOME": str(ENGINES / "spark"),
        "SPARK_SCALA_VERSION": "2.12",
        "SPARK_LOCAL_DIRS": str(folder),
    }


def process_workers(folder: Path) -> tuple[str, str]:
    """The Beam arguments by which each worker is a process in this environment."""
    script = folder / "boot"
    boot = shlex.join([sys.executable, str(Path(__file__).with_name("worker_boot.py"))])
    script.write_text(f'#!/bin/sh\nexport PYTHONPATH={shlex.quote(str(ROOT))}\nexec {boot} "$@"\n')
    script.chmod(0o755)
    return "--environment_type=PROCESS", f'--environment_config={{"command": "{script}"}}'


@contextmanager
def running(
    command: list[object], log: Path, ready: Callable[[], bool], variables: dict[str, str] | None = None
) -> Iterator[None]:
    """A process, from the moment when it is ready to the end of the block."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            list(map(str, command)), stdout=stream, stderr=stream, env={**os.environ, **(variables or {})}
        )

    def settled() -> bool:
        assert process.poll() is None, log.read_text()[-5000:]
        return ready()

    try:
        wait_until(settled, f"it is not ready: {log}")
        yield
    finally:
        process.terminate()
        process.wait()


def wait_until(ready: Callable[[], bool], otherwise: str, seconds: float = 600) -> None:
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, otherwise
        time.sleep(0.2)


def free_port() -> int:
    with socket.create_server(("localhost", 0)) as free:
        return int(free.getsockname()[1])


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("localhost", port), 1).close()
    except OSError:
        return False
    return True
