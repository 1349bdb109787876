"""The PrerankingTrainer component."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.artifacts import CandidateIndex, Preranker
from components.preranking_trainer.executor import Executor
from components.settings import PrerankingSettings
from schema.features import FeatureSet
from schema.windows import SplitSettings, TimeWindows


class PrerankingTrainerSpec(types.ComponentSpec):
    """Inputs, outputs and parameters."""

    PARAMETERS = {
        "settings": ExecutionParameter(type=str),
        "windows": ExecutionParameter(type=str),
        "features": ExecutionParameter(type=str),
        "history_length": ExecutionParameter(type=int),
        "retrieval_history_length": ExecutionParameter(type=int),
        "seed": ExecutionParameter(type=int),
    }
    INPUTS = {
        "model": ChannelParameter(type=standard_artifacts.Model),
        "index": ChannelParameter(type=CandidateIndex),
        "transformed_examples": ChannelParameter(type=standard_artifacts.Examples),
    }
    OUTPUTS = {"preranker": ChannelParameter(type=Preranker)}


class PrerankingTrainer(base_component.BaseComponent):
    """Learns which products of the pool of all sources are worth ranking.

    Args:
        model: The retrieval model.
        index: The candidate index.
        transformed_examples: Queries of the split train.
        settings: Pool and network.
        windows: Moments of the training windows.
        features: Feature columns.
        split: Lengths of histories.
        seed: Of the drawn negatives, the weights and the order.
    """

    SPEC_CLASS = PrerankingTrainerSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        model: types.BaseChannel,
        index: types.BaseChannel,
        transformed_examples: types.BaseChannel,
        settings: PrerankingSettings,
        windows: TimeWindows,
        features: FeatureSet,
        split: SplitSettings,
        seed: int,
    ) -> None:
        spec = PrerankingTrainerSpec(
            model=model,
            index=index,
            transformed_examples=transformed_examples,
            preranker=types.Channel(type=Preranker),
            settings=settings.to_json(),
            windows=windows.to_json(),
            features=features.to_json(),
            history_length=split.history_length,
            retrieval_history_length=split.retrieval_history_length,
            seed=seed,
        )
        super().__init__(spec=spec)
