"""The RetrievalEvaluator component."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.artifacts import CandidateIndex, Preranker, RecommenderMetrics
from components.retrieval_evaluator.executor import Executor
from components.settings import GateSettings
from schema.features import FeatureSet
from schema.windows import TimeWindows


class RetrievalEvaluatorSpec(types.ComponentSpec):
    """Inputs, outputs and parameters."""

    PARAMETERS = {
        "features": ExecutionParameter(type=str),
        "windows": ExecutionParameter(type=str),
        "gates": ExecutionParameter(type=str),
        "pool_size": ExecutionParameter(type=int),
    }
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "index": ChannelParameter(type=CandidateIndex),
        "preranker": ChannelParameter(type=Preranker),
    }
    OUTPUTS = {"evaluation": ChannelParameter(type=RecommenderMetrics)}


class RetrievalEvaluator(base_component.BaseComponent):
    """Measures the recall of each candidate source and of their union on the eval window.

    Args:
        examples: Rows of the CandidateGenerator.
        index: The candidate index.
        preranker: Cuts the pool of all sources.
        features: Feature columns.
        windows: The eval window's start is the moment of the tables.
        gates: The floor of recall.
        pool_size: Products that the preranker scores.
    """

    SPEC_CLASS = RetrievalEvaluatorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        examples: types.BaseChannel,
        index: types.BaseChannel,
        preranker: types.BaseChannel,
        features: FeatureSet,
        windows: TimeWindows,
        gates: GateSettings,
        pool_size: int,
    ) -> None:
        spec = RetrievalEvaluatorSpec(
            examples=examples,
            index=index,
            preranker=preranker,
            evaluation=types.Channel(type=RecommenderMetrics),
            features=features.to_json(),
            windows=windows.to_json(),
            gates=gates.to_json(),
            pool_size=pool_size,
        )
        super().__init__(spec=spec)
