"""The Pusher component."""

from __future__ import annotations

from tfx import types
from tfx.components.pusher import component as tfx_component
from tfx.dsl.components.base import executor_spec
from tfx.proto import pusher_pb2

from components.pusher.executor import Executor


class Pusher(tfx_component.Pusher):
    """Publishes the model as `<push_directory>/<version>/` if both blessings hold.

    Older versions stay. A version is an integer above all earlier ones, the epoch seconds of the push.

    Args:
        model: The assembled SavedModel.
        model_blessing: Of the RecommenderEvaluator.
        infra_blessing: Of the ServingValidator.
        push_directory: A folder that servers watch.
    """

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        model: types.BaseChannel,
        model_blessing: types.BaseChannel,
        infra_blessing: types.BaseChannel,
        push_directory: str,
    ) -> None:
        filesystem = pusher_pb2.PushDestination.Filesystem(base_directory=push_directory)
        super().__init__(
            model=model,
            model_blessing=model_blessing,
            infra_blessing=infra_blessing,
            push_destination=pusher_pb2.PushDestination(filesystem=filesystem),
        )
