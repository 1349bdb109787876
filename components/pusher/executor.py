"""Executor of the Pusher."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

from absl import logging
from tfx.components.pusher import executor as tfx_executor
from tfx.components.util import model_utils
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import path_utils, proto_utils

from components.pusher.publishing import publish
from schema.blessing import is_of_classic

RANKING_BLESSING: Final = "ranking_blessing"
"""Input key of the RankingEvaluator's blessing."""

EVALUATED_MODEL: Final = "evaluated_model"
"""Input key of the model that was evaluated, of which the pushed one may be the refit."""

CLASSIC_MODEL: Final = "classic_model"
"""Input key of what is pushed if the blessing is that of the classical baseline."""

EVALUATED_CLASSIC: Final = "evaluated_classic"
"""Input key of what was evaluated then."""


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
        version = publish(model, directory, of_evaluation if of_evaluation != model else None)
        logging.info("The model is pushed to %s as version %d.", directory, version)
        self._MarkPushed(
            pushed, pushed_destination=str(directory / str(version)), pushed_version=str(version)
        )


def _saved_model(inputs: Any, key: str) -> Path:
    return Path(path_utils.serving_model_path(artifact_utils.get_single_uri(inputs[key])))
