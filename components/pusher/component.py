"""The Pusher component."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.proto import pusher_pb2
from tfx.types import standard_artifacts, standard_component_specs
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.pusher.executor import (
    CLASSIC_MODEL,
    EVALUATED_CLASSIC,
    EVALUATED_MODEL,
    RANKING_BLESSING,
    REFRESH_OF,
    Executor,
)


class PusherSpec(standard_component_specs.PusherSpec):
    """TFX's, with the blessing of the ranker by itself as a further input."""

    PARAMETERS = {
        **standard_component_specs.PusherSpec.PARAMETERS,
        REFRESH_OF: ExecutionParameter(type=str, optional=True),
    }
    INPUTS = {
        **standard_component_specs.PusherSpec.INPUTS,
        RANKING_BLESSING: ChannelParameter(type=standard_artifacts.ModelBlessing),
        EVALUATED_MODEL: ChannelParameter(type=standard_artifacts.Model),
        CLASSIC_MODEL: ChannelParameter(type=standard_artifacts.Model),
        EVALUATED_CLASSIC: ChannelParameter(type=standard_artifacts.Model),
    }


class Pusher(base_component.BaseComponent):
    """Publishes the model as `<push_directory>/<version>/` if all three blessings hold.

    Older versions stay. A version is an integer above all earlier ones, the epoch seconds of the push.

    Args:
        push_directory: A folder that servers watch.
        refresh_of: The version whose weights these are, if nothing was trained; a property of what is pushed.
        model: The SavedModel to serve.
        evaluated_model: The one that was evaluated: the same, or what `model` is the refit of. It is kept
            beside the version as the champion of later runs.
        classic_model: What is pushed in place of `model`, if the blessing is of the classical baseline.
        evaluated_classic: What is kept then in place of `evaluated_model`.
        model_blessing: Of the RecommenderEvaluator.
        ranking_blessing: Of the RankingEvaluator.
        infra_blessing: Of the ServingValidator.
    """

    SPEC_CLASS = PusherSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self, push_directory: str, refresh_of: str | None = None, **inputs: types.BaseChannel
    ) -> None:
        filesystem = pusher_pb2.PushDestination.Filesystem(base_directory=push_directory)
        super().__init__(
            PusherSpec(
                push_destination=pusher_pb2.PushDestination(filesystem=filesystem),
                pushed_model=types.Channel(type=standard_artifacts.PushedModel),
                refresh_of=refresh_of,
                **inputs,
            )
        )
