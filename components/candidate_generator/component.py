"""The CandidateGenerator component."""

from __future__ import annotations

from typing import Literal

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.artifacts import CandidateIndex, Interactions, Preranker
from components.candidate_generator.executor import Executor
from schema.features import FeatureSet
from schema.windows import SplitSettings, TimeWindows


class CandidateGeneratorSpec(types.ComponentSpec):
    """Inputs, outputs and parameters."""

    PARAMETERS = {
        "windows": ExecutionParameter(type=str),
        "features": ExecutionParameter(type=str),
        "num_candidates": ExecutionParameter(type=int),
        "pool_size": ExecutionParameter(type=int),
        "cold_share": ExecutionParameter(type=str),
        "max_train_queries": ExecutionParameter(type=int),
        "max_eval_queries": ExecutionParameter(type=int),
        "history_length": ExecutionParameter(type=int),
        "retrieval_history_length": ExecutionParameter(type=int),
    }
    INPUTS = {
        "model": ChannelParameter(type=standard_artifacts.Model),
        "index": ChannelParameter(type=CandidateIndex),
        "preranker": ChannelParameter(type=Preranker),
        "transformed_examples": ChannelParameter(type=standard_artifacts.Examples),
        "transform_graph": ChannelParameter(type=standard_artifacts.TransformGraph),
        "interactions": ChannelParameter(type=Interactions),
    }
    OUTPUTS = {"examples": ChannelParameter(type=standard_artifacts.Examples)}


class CandidateGenerator(base_component.BaseComponent):
    """Writes, for each training and eval query of the ranker, the candidates that serving would give it.

    Args:
        model: The retrieval model.
        index: The candidate index.
        preranker: Cuts the pool of all sources.
        transformed_examples: Queries (train, eval) and the catalog.
        transform_graph: The product vocabulary.
        interactions: Events, for what else happened in a window.
        windows: Moments of the ranker's windows.
        features: Feature columns.
        split: Lengths of histories.
        num_candidates: Candidates of a query.
        pool_size: Products that the preranker scores.
        cold_share: Share of the training users whose queries come a second time, without history, or `auto`.
        max_train_queries: Queries of the split train, about; users are sampled beyond.
        max_eval_queries: Queries of the split eval, likewise.
    """

    SPEC_CLASS = CandidateGeneratorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        model: types.BaseChannel,
        index: types.BaseChannel,
        preranker: types.BaseChannel,
        transformed_examples: types.BaseChannel,
        transform_graph: types.BaseChannel,
        interactions: types.BaseChannel,
        windows: TimeWindows,
        features: FeatureSet,
        split: SplitSettings,
        num_candidates: int,
        pool_size: int,
        cold_share: float | Literal["auto"],
        max_train_queries: int,
        max_eval_queries: int,
    ) -> None:
        spec = CandidateGeneratorSpec(
            model=model,
            index=index,
            preranker=preranker,
            transformed_examples=transformed_examples,
            transform_graph=transform_graph,
            interactions=interactions,
            examples=types.Channel(type=standard_artifacts.Examples),
            windows=windows.to_json(),
            features=features.to_json(),
            num_candidates=num_candidates,
            pool_size=pool_size,
            cold_share=str(cold_share),
            max_train_queries=max_train_queries,
            max_eval_queries=max_eval_queries,
            history_length=split.history_length,
            retrieval_history_length=split.retrieval_history_length,
        )
        super().__init__(spec=spec)
