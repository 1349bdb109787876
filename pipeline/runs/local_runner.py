"""Runs the pipeline in this process with TFX's LocalDagRunner, and reports each node as it goes."""

from __future__ import annotations

import io
import json
import logging
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

from pipeline.planning.plan import PIPELINE_NAME, RunPlan
from pipeline.runs.user_errors import user_error_of
from pipeline.terminal import console
from pipeline.terminal.capture import captured
from pipeline.terminal.progress import CACHED, RAN, Progress, Stage
from schema.errors import UserError

_NODE_STARTED: Final = "Component %s is running."
_NODE_FINISHED: Final = "Component %s is finished."

_RUNS: Final = 5

_WATCHER: Final = "run_worker"
"""Name of Beam's threads, each of which waits for one process."""
_ENDED: Final = re.compile(r"Worker subprocess exited with return code (-?\d+)")
_OF_SHELL: Final = 128
"""A shell adds it to the number of the signal by which what it ran was ended."""


class NodeFailedError(Exception):
    """A node failed for a reason that is ours to fix.

    Args:
        node: Id of the node.
        reason: What was raised.
        log_path: Where all output of the run is.
    """

    def __init__(self, node: str, reason: BaseException, log_path: Path) -> None:
        super().__init__(f"node {node} failed: {type(reason).__name__}: {reason}")
        self.log_path = log_path


@dataclass(frozen=True)
class LocalRun:
    """A run that is over.

    Attributes:
        stages: Its nodes, in order.
        seconds: Time of all, the import of TFX included.
        log_path: Where all other output is.
    """

    stages: tuple[Stage, ...]
    seconds: float
    log_path: Path


def run_locally(
    plan: RunPlan, create: Callable[[RunPlan], Any] | None = None, quiet: bool = False
) -> LocalRun:
    """Runs the pipeline of a plan.

    Args:
        plan: The resolved run.
        create: Builds the TFX pipeline; by default the recommender's.
        quiet: Whether progress goes to stderr, because stdout holds JSON; with `--quiet`, nowhere.

    Raises:
        PipelineRefusedError: A node refused the data or a model.
        UserError: A node met a mistake of the user, or the engine of `beam.runner` does not work.
        NodeFailedError: A node failed otherwise.
    """
    name = time.strftime("run-%Y%m%dT%H%M%S")
    log_path = Path(plan.workdir) / "logs" / f"{name}.log"
    started = time.monotonic()
    with captured(log_path) as terminal:
        stream = terminal.err if quiet else terminal.out
        if console.is_quiet():
            stream = io.StringIO()
        stream.write(f"Loading TFX; everything it says goes to {log_path}\n")
        stream.flush()
        _probe(plan)
        _retire_stale(plan)
        pipeline = (create or _recommender)(plan)
        nodes = [node.id for node in pipeline.components]
        before = expected_seconds(log_path.parent)
        expected = {name: before[name] for name in nodes if name in before}
        progress = Progress(stream, len(nodes), _outcome_reader(plan), expected)
        try:
            with progress, _followed(progress), ended_by_dead_workers():
                _run(pipeline, plan.metadata_path)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            logging.getLogger(__name__).exception("The run failed.")
            node = progress.stages[-1].node if progress.stages else "none"
            raise user_error_of(error) or NodeFailedError(node, error, log_path) from error
        finally:
            _record(log_path.with_suffix(".json"), progress.stages, time.monotonic() - started)
    return LocalRun(tuple(progress.stages), time.monotonic() - started, log_path)


def _recommender(plan: RunPlan) -> Any:
    from pipeline.create_pipeline import create_pipeline

    return create_pipeline(plan)


def _probe(plan: RunPlan) -> None:
    from pipeline.runs.engine_probe import PROBED, probe_engine

    if plan.config.beam.runner in PROBED:
        probe_engine(plan.config.beam, Path(plan.artifact_root))


def _retire_stale(plan: RunPlan) -> None:
    from pipeline.runs.stale_pushes import retire_stale

    retire_stale(plan.metadata_path, plan.push_directory)


def _run(pipeline: Any, metadata: str) -> None:
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner

    from pipeline.metadata.connection import nowhere
    from pipeline.metadata.handle import opened_by_us

    pipeline.metadata_connection_config = nowhere()
    with opened_by_us(metadata):
        LocalDagRunner().run(pipeline)


def _outcome_reader(plan: RunPlan) -> Callable[[str], str]:
    def outcome(node: str) -> str:
        from pipeline.metadata.store import RunStore

        return CACHED if RunStore(plan.metadata_path, PIPELINE_NAME).last_state(node) == "CACHED" else RAN

    return outcome


class _NodeFollower(logging.Handler):
    """The runner has no hooks, but it logs when a node begins and ends."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(logging.INFO)
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == _NODE_STARTED and record.args:
            self._progress.start(str(record.args[0]) if isinstance(record.args, tuple) else "")
        elif record.msg == _NODE_FINISHED:
            self._progress.finish()


@contextmanager
def _followed(progress: Progress) -> Iterator[None]:
    from absl import logging as absl_logging

    absl_logging.set_verbosity(absl_logging.INFO)
    logger = absl_logging.get_absl_logger()
    handler = _NodeFollower(progress)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def _record(path: Path, stages: list[Stage], seconds: float) -> None:
    content = {"seconds": seconds, "stages": [asdict(stage) for stage in stages]}
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def expected_seconds(logs: Path) -> dict[str, float]:
    """Returns node -> seconds, of the newest of the last few runs in which it was not served from the cache.

    Args:
        logs: Folder with a record of each run.
    """
    found: dict[str, float] = {}
    for path in sorted(logs.glob("run-*.json"), reverse=True)[:_RUNS]:
        try:
            stages = json.loads(path.read_text(encoding="utf-8"))["stages"]
            ran = {str(stage["node"]): float(stage["seconds"]) for stage in stages if stage["outcome"] == RAN}
        except (OSError, ValueError, KeyError, TypeError):  # a record that is half-written or of another time
            continue
        found = ran | found
    return found


@contextmanager
def ended_by_dead_workers() -> Iterator[None]:
    """Raises in the main thread when a worker's process has been ended by a signal.

    Only a signal wakes the main thread out of Beam's waiting; SIGUSR1 is taken for it in the block. In
    other threads than the main one there is nothing to wake, and the block is as it was.

    Raises:
        UserError: A process was ended; TFX removes what the node had begun to write.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ended: list[int] = []

    def notice(found: threading.ExceptHookArgs) -> None:
        hook(found)
        number = signal_of(str(found.exc_value))
        if found.thread is not None and found.thread.name == _WATCHER and number and not ended:
            ended.append(number)
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    def wake(_number: int, _frame: FrameType | None) -> None:
        for number in ended:
            raise UserError(
                f"A worker process of Beam was ended by signal {number} in the middle of a node; nothing of "
                "what it wrote is used. Remedy: if the machine was out of memory, lower "
                "`--direct_num_workers` in `beam.args`; then run again."
            )

    hook, before = threading.excepthook, signal.signal(signal.SIGUSR1, wake)
    threading.excepthook = notice
    try:
        yield
    finally:
        threading.excepthook = hook
        signal.signal(signal.SIGUSR1, before)


def signal_of(message: str) -> int:
    """Number of the signal that ended a process, of what Beam says of its end; 0 if it ended by itself."""
    found = _ENDED.search(message)
    code = int(found[1]) if found else 0
    return -code if code < 0 else max(0, code - _OF_SHELL)
