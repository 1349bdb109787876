"""Runs the pipeline in this process with TFX's LocalDagRunner, and reports each node as it goes."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.planning.plan import PIPELINE_NAME, RunPlan
from pipeline.runs.dead_workers import ended_by_dead_workers
from pipeline.runs.expected import expected_seconds
from pipeline.runs.user_errors import user_error_of
from pipeline.terminal import console
from pipeline.terminal.capture import captured
from pipeline.terminal.progress import CACHED, RAN, Progress, Stage

_NODE_STARTED: Final = "Component %s is running."
_NODE_FINISHED: Final = "Component %s is finished."


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
