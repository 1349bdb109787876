"""The RecommenderEvaluator component."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.artifacts import BaselineLists, CandidateIndex, Interactions, RecommenderMetrics
from components.recommender_evaluator.executor import Executor
from components.settings import GateSettings
from schema.features import FeatureSet
from schema.windows import TimeWindows


class RecommenderEvaluatorSpec(types.ComponentSpec):
    """Inputs, outputs and parameters."""

    PARAMETERS = {
        "windows": ExecutionParameter(type=str),
        "features": ExecutionParameter(type=str),
        "gates": ExecutionParameter(type=str),
        "seed": ExecutionParameter(type=int),
        "push_directory": ExecutionParameter(type=str),
        "history_length": ExecutionParameter(type=int),
    }
    INPUTS = {
        "model": ChannelParameter(type=standard_artifacts.Model),
        "classic_model": ChannelParameter(type=standard_artifacts.Model),
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "interactions": ChannelParameter(type=Interactions),
        "baselines": ChannelParameter(type=BaselineLists),
        "index": ChannelParameter(type=CandidateIndex),
        "transform_graph": ChannelParameter(type=standard_artifacts.TransformGraph),
    }
    OUTPUTS = {
        "evaluation": ChannelParameter(type=RecommenderMetrics),
        "blessing": ChannelParameter(type=standard_artifacts.ModelBlessing),
    }


class RecommenderEvaluator(base_component.BaseComponent):
    """Measures the composed system on the test window against tuned baselines and the champion.

    Args:
        model: The assembled SavedModel.
        classic_model: Is blessed in its place if it is refused and this is not.
        examples: Raw Examples with the splits eval, test and catalog.
        interactions: All events.
        baselines: What the tuned classics recommend to the same users.
        index: Its candidate embeddings measure the diversity of lists.
        transform_graph: Names the products of the index.
        windows: The time windows.
        features: Feature columns.
        gates: What the model must reach.
        seed: Of the bootstrap.
        push_directory: Where the champion is, if there is one.
        history_length: Events that a query carries.
    """

    SPEC_CLASS = RecommenderEvaluatorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        model: types.BaseChannel,
        classic_model: types.BaseChannel,
        examples: types.BaseChannel,
        interactions: types.BaseChannel,
        baselines: types.BaseChannel,
        index: types.BaseChannel,
        transform_graph: types.BaseChannel,
        windows: TimeWindows,
        features: FeatureSet,
        gates: GateSettings,
        seed: int,
        push_directory: str,
        history_length: int,
    ) -> None:
        spec = RecommenderEvaluatorSpec(
            model=model,
            classic_model=classic_model,
            examples=examples,
            interactions=interactions,
            baselines=baselines,
            index=index,
            transform_graph=transform_graph,
            windows=windows.to_json(),
            features=features.to_json(),
            gates=gates.to_json(),
            seed=seed,
            push_directory=push_directory,
            history_length=history_length,
            evaluation=types.Channel(type=RecommenderMetrics),
            blessing=types.Channel(type=standard_artifacts.ModelBlessing),
        )
        super().__init__(spec=spec)
