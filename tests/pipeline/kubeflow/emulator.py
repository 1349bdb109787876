"""Executes a compiled pipeline as the backend of Kubeflow Pipelines does, from nothing but its YAML.

Each task's container is a process of its own with the environment of the image, the secret and the YAML,
and nothing else. Tasks begin as soon as those that they depend on have succeeded. On a warm cluster nodes
are forked from a process that has done their imports, which are half of the time of a small run.
"""

from __future__ import annotations

import concurrent.futures
import copy
import itertools
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

RUNTIME_CONSTANT = "{{$.pipeline_job_uuid}}"
EVALUATOR = "ranking-evaluator"


@dataclass
class Pod:
    """One attempt at a task."""

    task: str
    attempt: int
    log: Path
    process: Any
    started: float
    ended: float = 0.0

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)

    def text(self) -> str:
        return self.log.read_text(errors="replace")


@dataclass
class Finished:
    """A run that is over."""

    states: dict[str, str]
    pods: list[Pod] = field(default_factory=list)

    def of(self, task: str) -> list[Pod]:
        return [pod for pod in self.pods if pod.task == task]

    def side_by_side(self) -> bool:
        """Whether two tasks ran at the same time."""
        spans = sorted((pod.started, pod.ended) for pod in self.pods)
        return any(later[0] < earlier[1] for earlier, later in itertools.pairwise(spans))


class Emulator:
    """A cluster: an image, a secret store, and room for some pods at once."""

    def __init__(self, document: Path, image: Mapping[str, str], secrets: Mapping[str, Mapping[str, str]]):
        self._spec, platform = yaml.safe_load_all(document.read_text())
        self._platform = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
        self._image, self._secrets = image, secrets
        self._interpreter: Any = None

    def warm(self, interpreter) -> Emulator:
        """The same cluster, on which an interpreter of the image starts the pods of nodes."""
        warm = copy.copy(self)
        warm._interpreter = interpreter
        return warm

    def run(
        self,
        run_id: str,
        parameters: Mapping[str, object],
        folder: Path,
        watch: Callable[[Pod], None] = lambda pod: None,
        pods_at_once: int = 3,
    ) -> Finished:
        """Runs everything; what depends on a failed task is skipped."""
        folder.mkdir(parents=True)
        tasks = self._spec["root"]["dag"]["tasks"]
        inputs = self._inputs(parameters)
        finished = Finished({})
        lock = threading.Lock()
        with concurrent.futures.ThreadPoolExecutor(pods_at_once) as pool:
            running: dict[concurrent.futures.Future, str] = {}
            while len(finished.states) < len(tasks):
                for name, task in tasks.items():
                    waits = [finished.states.get(other) for other in task.get("dependentTasks", [])]
                    if name in finished.states or name in running.values():
                        continue
                    if any(state in ("FAILED", "SKIPPED") for state in waits):
                        finished.states[name] = "SKIPPED"
                    elif all(state == "SUCCEEDED" for state in waits):
                        arguments = (name, task, run_id, inputs, folder, watch, finished, lock)
                        running[pool.submit(self._execute, *arguments)] = name
                done, _ = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
                for future in done:
                    finished.states[running.pop(future)] = future.result()
        return finished

    def _inputs(self, given: Mapping[str, object]) -> dict[str, object]:
        declared = self._spec["root"].get("inputDefinitions", {}).get("parameters", {})
        assert set(given) <= set(declared), "the backend refuses unknown parameters"
        values = {
            name: declared[name]["defaultValue"] for name in declared if "defaultValue" in declared[name]
        }
        values |= given
        assert set(values) == set(declared), "the backend refuses a run without its required parameters"
        return values

    def _execute(self, name, task, run_id, inputs, folder, watch, finished, lock) -> str:
        assert not task["cachingOptions"].get("enableCache")
        executor = self._spec["components"][task["componentRef"]["name"]]["executorLabel"]
        container = self._spec["deploymentSpec"]["executors"][executor]["container"]
        values = {
            key: self._value(source, run_id, inputs)
            for key, source in task.get("inputs", {}).get("parameters", {}).items()
        }
        command = [self._resolve(part, values) for part in (*container["command"], *container["args"])]
        environment = self._environment(container, self._platform[executor])
        attempts = 1 + int(task.get("retryPolicy", {}).get("maxRetryCount", 0))
        for attempt in range(1, attempts + 1):
            log = folder / f"{name}.{attempt}.log"
            with log.open("wb") as output, tempfile.TemporaryDirectory() as nowhere:
                process = self._process(name, command, environment, nowhere, output)
                pod = Pod(name, attempt, log, process, time.monotonic())
                with lock:
                    finished.pods.append(pod)
                watch(pod)
                process.wait()
                pod.ended = time.monotonic()
            if process.returncode == 0:
                return "SUCCEEDED"
        return "FAILED"

    def _process(self, task, command, environment, folder, output):
        # The Evaluator imports all of TFX in its own order, and only nodes begin by importing the launcher.
        if self._interpreter and task != EVALUATOR and any(part.startswith("--node=") for part in command):
            return self._interpreter.start(command, environment, folder, output.name, output.name)
        return subprocess.Popen(
            command, env=environment, cwd=folder, stdout=output, stderr=output, start_new_session=True
        )

    @staticmethod
    def _value(source: Mapping, run_id: str, inputs: Mapping[str, object]) -> object:
        if "componentInputParameter" in source:
            return inputs[source["componentInputParameter"]]
        constant = source["runtimeValue"]["constant"]
        return run_id if constant == RUNTIME_CONSTANT else constant

    @staticmethod
    def _resolve(text: str, values: Mapping[str, object]) -> str:
        for name, value in values.items():
            shown = value if isinstance(value, str) else f"{value:.10f}".rstrip("0").rstrip(".")
            text = text.replace("{{$.inputs.parameters['%s']}}" % name, shown)  # noqa: UP031
        assert "{{" not in text, text
        return text

    def _environment(self, container: Mapping, platform: Mapping) -> dict[str, str]:
        environment = dict(self._image)
        environment |= {item["name"]: item["value"] for item in container.get("env", [])}
        for secret in platform.get("secretAsEnv", []):
            held = self._secrets.get(secret["secretNameParameter"]["runtimeValue"]["constant"], {})
            for item in secret["keyToEnv"]:
                if item["secretKey"] in held:
                    environment[item["envVar"]] = held[item["secretKey"]]
                else:
                    assert secret["optional"]
        return environment
