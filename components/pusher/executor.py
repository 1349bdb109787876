"""Executor of the Pusher."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any, Final

from absl import logging
from tfx.components.pusher import executor as tfx_executor
from tfx.components.util import model_utils
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import path_utils, proto_utils

from kernel.description import withdraw
from schema import names
from schema.errors import PipelineRefusedError
from schema.files import locked
from schema.served.blessing import is_of_classic
from schema.served.versions import CHAMPIONS, newest_version, next_version

RANKING_BLESSING: Final = "ranking_blessing"
"""Input key of the RankingEvaluator's blessing."""

EVALUATED_MODEL: Final = "evaluated_model"
"""Input key of the model that was evaluated, of which the pushed one may be the refit."""

CLASSIC_MODEL: Final = "classic_model"
"""Input key of what is pushed if the blessing is that of the classical baseline."""

EVALUATED_CLASSIC: Final = "evaluated_classic"
"""Input key of what was evaluated then."""


REFRESH_OF: Final = "refresh_of"
"""Parameter, and property of the PushedModel: the version whose weights the pushed model has."""


class Executor(tfx_executor.Executor):
    """TFX's Pusher, except that all three blessings are required and that the push is atomic."""

    def CheckBlessing(self, input_dict: Any) -> bool:  # noqa: N802
        """Whether all blessings are there and hold."""
        required = (
            standard_component_specs.MODEL_BLESSING_KEY,
            RANKING_BLESSING,
            standard_component_specs.INFRA_BLESSING_KEY,
        )
        missing = [key for key in required if not input_dict.get(key)]
        if missing:
            logging.warning("The model is not pushed: input %s is missing.", " and ".join(missing))
            return False
        ranking_blessing = artifact_utils.get_single_instance(input_dict[RANKING_BLESSING])
        if not model_utils.is_model_blessed(ranking_blessing):
            logging.info("The model is not pushed: its ranker is not blessed (%s).", ranking_blessing.uri)
            return False
        blessed: bool = super().CheckBlessing(input_dict)
        return blessed

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        """Publishes the model if it is blessed, and keeps a copy as the PushedModel artifact."""
        pushed = artifact_utils.get_single_instance(output_dict[standard_component_specs.PUSHED_MODEL_KEY])
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed)
            return
        blessing = artifact_utils.get_single_uri(input_dict[standard_component_specs.MODEL_BLESSING_KEY])
        served, evaluated = standard_component_specs.MODEL_KEY, EVALUATED_MODEL
        if is_of_classic(Path(blessing)):
            served, evaluated = CLASSIC_MODEL, EVALUATED_CLASSIC
        model = _saved_model(input_dict, served)
        destination = pusher_pb2.PushDestination()
        proto_utils.json_to_proto(exec_properties[standard_component_specs.PUSH_DESTINATION_KEY], destination)
        directory = Path(destination.filesystem.base_directory)
        shutil.copytree(model, pushed.uri, dirs_exist_ok=True)
        of_evaluation = _saved_model(input_dict, evaluated)
        infra = artifact_utils.get_single_uri(input_dict[standard_component_specs.INFRA_BLESSING_KEY])
        refresh_of, without = exec_properties.get(REFRESH_OF) or None, without_kernel(Path(infra))
        evaluated_model = of_evaluation if of_evaluation != model else None
        version = publish(model, directory, evaluated_model, refresh_of, without)
        if without:
            logging.warning("Version %d is pushed without its kernel: %s.", version, without)
        logging.info("The model is pushed to %s as version %d.", directory, version)
        if refresh_of:
            pushed.set_string_custom_property(REFRESH_OF, refresh_of)
        self._MarkPushed(
            pushed, pushed_destination=str(directory / str(version)), pushed_version=str(version)
        )


def _saved_model(inputs: Any, key: str) -> Path:
    return Path(path_utils.serving_model_path(artifact_utils.get_single_uri(inputs[key])))


_LOCK = ".towerline-push.lock"
_TEMPORARY_PREFIX = ".towerline-push-"
_TEMPORARY_SUFFIX = ".partial"
_MODEL_FILE = "saved_model.pb"


def without_kernel(infra_blessing: Path) -> str:
    """Why a model may not be pushed with its kernel; empty if it may.

    Args:
        infra_blessing: Folder of the ServingValidator's blessing.
    """
    path = infra_blessing / names.VALIDATION_FILE
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    verdict = found.get(names.KERNEL_VERDICT)
    if verdict is None:
        return "nothing has compared it with the session"
    return "" if verdict["equal"] else str(verdict["reason"])


def publish(
    model: Path,
    directory: Path,
    evaluated: Path | None = None,
    refresh_of: str | None = None,
    without_kernel: str = "",
) -> int:
    """Copies `model` into `directory` as its next version, and returns that.

    The copy is made under a temporary name, brought to the disk, and renamed. A process killed on
    the way leaves a temporary folder, which the next call removes; one call at a time holds the lock
    of the directory, and the operating system releases it when the process dies.

    Args:
        model: The SavedModel to serve.
        directory: The push directory.
        evaluated: The SavedModel that was evaluated, if `model` is its refit. It is kept where servers do
            not look, for the newest version only: later runs compare themselves with it, since a refitted
            model has seen the window that they are measured on.
        refresh_of: The version whose weights `model` has, if it is a refresh.
        without_kernel: Why it is pushed without its kernel; empty with it.

    Raises:
        PipelineRefusedError: Another version was trained and pushed while the refresh was being made.
        ValueError: `model` is no SavedModel.
    """
    if not (model / _MODEL_FILE).is_file():
        raise ValueError(
            f"A pushed model is a SavedModel with a file `{_MODEL_FILE}`. Received: model={str(model)!r}. "
            "Remedy: run RecommenderAssembler again."
        )
    champions = directory / CHAMPIONS
    directory.mkdir(parents=True, exist_ok=True)
    with locked(directory / _LOCK):
        _remove_stale(directory)
        _remove_stale(champions)
        if refresh_of is not None:
            _check_refreshed(directory, refresh_of)
        version = next_version(directory, int(time.time()))
        if evaluated is not None:  # first, so that no version is ever without its champion
            champions.mkdir(exist_ok=True)
            _copy_whole(evaluated, champions / str(version))
        _copy_whole(model, directory / str(version), without_kernel)
        for older in champions.glob("*"):
            if older.name != str(version):
                shutil.rmtree(older)
    return version


def _check_refreshed(directory: Path, refresh_of: str) -> None:
    """Refuses to serve older weights again after newer ones."""
    newest = newest_version(directory)
    metadata = directory / str(newest) / names.SERVING_METADATA
    known = json.loads(metadata.read_text(encoding="utf-8")) if metadata.is_file() else {}
    trained = str(known.get(REFRESH_OF) or newest)
    if newest is not None and trained != refresh_of:
        raise PipelineRefusedError(
            f"Version {trained} was pushed while version {refresh_of} was being refreshed, whose weights are "
            "older. What is served stays. Remedy: refresh again."
        )


def _copy_whole(source: Path, target: Path, without_kernel: str = "") -> None:
    temporary = target.parent / f"{_TEMPORARY_PREFIX}{target.name}{_TEMPORARY_SUFFIX}"
    shutil.rmtree(target, ignore_errors=True)
    try:
        shutil.copytree(source, temporary)
        if without_kernel and (temporary / names.KERNEL).is_dir():
            withdraw(temporary / names.KERNEL, without_kernel)
        _to_disk(temporary)
        os.rename(temporary, target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    _sync(target.parent)


def _remove_stale(directory: Path) -> None:
    for path in directory.glob(f"{_TEMPORARY_PREFIX}*{_TEMPORARY_SUFFIX}"):
        shutil.rmtree(path)


def _to_disk(directory: Path) -> None:
    for folder, _, files in os.walk(directory):
        for name in files:
            _sync(Path(folder) / name)
        _sync(Path(folder))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
