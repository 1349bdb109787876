"""The ServingValidator component."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.artifacts import RecommenderMetrics
from components.serving_validator.executor import Executor
from components.settings import GateSettings
from schema.features import FeatureSet


class ServingValidatorSpec(types.ComponentSpec):
    """Inputs, outputs and parameters."""

    PARAMETERS = {
        "features": ExecutionParameter(type=str),
        "gates": ExecutionParameter(type=str),
        "history_length": ExecutionParameter(type=int),
    }
    INPUTS = {
        "model": ChannelParameter(type=standard_artifacts.Model),
        "classic_model": ChannelParameter(type=standard_artifacts.Model),
        "model_blessing": ChannelParameter(type=standard_artifacts.ModelBlessing),
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "evaluation": ChannelParameter(type=RecommenderMetrics, optional=True),
    }
    OUTPUTS = {"blessing": ChannelParameter(type=standard_artifacts.InfraBlessing)}


class ServingValidator(base_component.BaseComponent):
    """Replays test queries in a fresh process: same answers as offline, and fast enough.

    Args:
        model: The assembled SavedModel.
        classic_model: What is served in its place, if the blessing says so.
        model_blessing: Of the RecommenderEvaluator.
        examples: Raw Examples with the split test.
        evaluation: Predictions of the RecommenderEvaluator; without them (a refitted model has none)
            the fresh process must agree with the model as called in this process.
        features: Feature columns.
        gates: `max_latency_ms`, `max_different_answers`.
        history_length: Events that a query carries.
    """

    SPEC_CLASS = ServingValidatorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        model: types.BaseChannel,
        classic_model: types.BaseChannel,
        model_blessing: types.BaseChannel,
        examples: types.BaseChannel,
        evaluation: types.BaseChannel | None = None,
        features: FeatureSet,
        gates: GateSettings,
        history_length: int,
    ) -> None:
        spec = ServingValidatorSpec(
            model=model,
            classic_model=classic_model,
            model_blessing=model_blessing,
            examples=examples,
            evaluation=evaluation,
            features=features.to_json(),
            gates=gates.to_json(),
            history_length=history_length,
            blessing=types.Channel(type=standard_artifacts.InfraBlessing),
        )
        super().__init__(spec=spec)
