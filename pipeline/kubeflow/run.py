"""A run on Kubeflow as its containers share it: plan and compiled pipeline, below the pipeline root."""

from __future__ import annotations

import argparse
import logging
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.metadata.location import store_location
from pipeline.planning.plan import RunPlan
from pipeline.runs.user_errors import user_error_of
from pipeline.terminal import console
from schema.errors import PipelineRefusedError, UserError
from schema.files import write_bytes

REFUSED: Final = 1
USER_MISTAKE: Final = 2
INTERNAL_FAILURE: Final = 3

_RUN_ID: Final = re.compile(r"[A-Za-z0-9][-A-Za-z0-9_.]*")


@dataclass(frozen=True)
class KubeflowRun:
    """Where the containers of one run meet.

    Attributes:
        run_id: Kubeflow's id of the run, and that of the run in ML Metadata.
        root: The pipeline root: a folder that all pods see, laid out like a local work directory.
        metadata: Where ML Metadata is, without a password.
    """

    run_id: str
    root: Path
    metadata: str

    @property
    def folder(self) -> Path:
        """Where the plan, the compiled pipeline and the outcome of this run are."""
        return self.root / "runs" / self.run_id

    @property
    def is_planned(self) -> bool:
        """Whether `write` has come to its end."""
        return self._pipeline_file.is_file()

    def write(self, plan: RunPlan, pipeline: Any) -> None:
        """Keeps the plan and the pipeline IR; what is there was written completely."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_bytes(self.folder / "plan.json", plan.to_json().encode())
        write_bytes(self._pipeline_file, pipeline.SerializeToString(deterministic=True))

    def read_plan(self) -> RunPlan:
        """Returns the plan of this run."""
        return RunPlan.from_json((self.folder / "plan.json").read_text(encoding="utf-8"))

    def read_pipeline(self) -> Any:
        """Returns the IR of this run's pipeline.

        Raises:
            UserError: The task `plan` has not written it, or this container mounts another volume.
        """
        from tfx.proto.orchestration import pipeline_pb2

        if not self.is_planned:
            raise UserError(
                f"There is no plan of this run. Received: {self._pipeline_file}. Remedy: mount the same "
                "volume in every pod (`kubeflow.volume_claim`, `kubeflow.mount_path`)."
            )
        return pipeline_pb2.Pipeline.FromString(self._pipeline_file.read_bytes())

    @property
    def _pipeline_file(self) -> Path:
        return self.folder / "pipeline.pb"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what every container of a run is told."""
    parser.add_argument("--run", required=True, metavar="ID", help="Kubeflow's id of the run")
    parser.add_argument("--pipeline-root", required=True, metavar="DIR", help="folder that all pods see")
    parser.add_argument(
        "--metadata-url", required=True, metavar="URL", help="ML Metadata, without a password"
    )


def run_of(arguments: argparse.Namespace) -> KubeflowRun:
    """Returns the run that a container belongs to.

    Raises:
        UserError: The id is no name of a folder, or the metadata URL cannot be understood.
    """
    if not _RUN_ID.fullmatch(arguments.run):
        raise UserError(f"`--run` takes letters, digits and `-_.`. Received: {arguments.run!r}.")
    return KubeflowRun(
        arguments.run, Path(arguments.pipeline_root).absolute(), store_location(arguments.metadata_url)
    )


def container_main(
    parser: argparse.ArgumentParser,
    execute: Callable[[argparse.Namespace], None],
    argv: Sequence[str] | None = None,
) -> int:
    """Runs what a container is for; its log ends with one line that says what is to be mended.

    Returns:
        The exit code, with the same meaning as those of `towerline`.
    """
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    try:
        execute(arguments)
    except Exception as error:
        reason = user_error_of(error)
        if reason is None:
            logging.getLogger(__name__).exception("%s failed.", parser.prog)
            console.note(f"{parser.prog}: internal failure: {type(error).__name__}: {error}")
            return INTERNAL_FAILURE
        console.note(f"{parser.prog}: {' '.join(str(reason).split())}")
        return REFUSED if isinstance(reason, PipelineRefusedError) else USER_MISTAKE
    return 0
