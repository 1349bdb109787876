"""The CandidateIndexer component."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.artifacts import CandidateIndex, Interactions
from components.candidate_indexer.executor import Executor
from components.settings import IndexSettings
from schema.features import FeatureSet


class CandidateIndexerSpec(types.ComponentSpec):
    """Inputs, outputs and parameters."""

    PARAMETERS = {
        "settings": ExecutionParameter(type=str),
        "window": ExecutionParameter(type=int),
        "moments": ExecutionParameter(type=str),
        "features": ExecutionParameter(type=str),
    }
    INPUTS = {
        "model": ChannelParameter(type=standard_artifacts.Model),
        "transform_graph": ChannelParameter(type=standard_artifacts.TransformGraph),
        "transformed_examples": ChannelParameter(type=standard_artifacts.Examples),
        "interactions": ChannelParameter(type=Interactions),
    }
    OUTPUTS = {"index": ChannelParameter(type=CandidateIndex)}


class CandidateIndexer(base_component.BaseComponent):
    """Builds the candidate index: embeddings, neighbours and statistics at each moment.

    Args:
        model: The retrieval model.
        transform_graph: For the product vocabulary.
        transformed_examples: For the availability of products (catalog split).
        interactions: All events.
        settings: Number of neighbours, half-life and the recall gate.
        window: Length of the eval window in seconds.
        moments: Epoch seconds; each gets tables made from the events strictly before it.
        features: Feature columns.
    """

    SPEC_CLASS = CandidateIndexerSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        model: types.BaseChannel,
        transform_graph: types.BaseChannel,
        transformed_examples: types.BaseChannel,
        interactions: types.BaseChannel,
        settings: IndexSettings,
        window: int,
        moments: Sequence[int],
        features: FeatureSet,
    ) -> None:
        spec = CandidateIndexerSpec(
            model=model,
            transform_graph=transform_graph,
            transformed_examples=transformed_examples,
            interactions=interactions,
            index=types.Channel(type=CandidateIndex),
            settings=settings.to_json(),
            window=window,
            moments=json.dumps(list(moments)),
            features=features.to_json(),
        )
        super().__init__(spec=spec)
