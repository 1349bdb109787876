"""The RecommenderAssembler component."""

from __future__ import annotations

import json

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.artifacts import CandidateIndex, Interactions, Preranker
from components.recommender_assembler.executor import Executor
from components.settings import PostRankingSettings
from schema.features import FeatureSet
from schema.windows import SplitSettings, TimeWindows


class RecommenderAssemblerSpec(types.ComponentSpec):
    """Inputs, outputs and parameters."""

    PARAMETERS = {
        "features": ExecutionParameter(type=str),
        "refit": ExecutionParameter(type=int),
        "fallback": ExecutionParameter(type=str),
        "windows": ExecutionParameter(type=str),
        "event_weights": ExecutionParameter(type=str),
        "post_ranking": ExecutionParameter(type=str),
        "num_candidates": ExecutionParameter(type=int),
        "pool_size": ExecutionParameter(type=int),
        "history_length": ExecutionParameter(type=int),
        "retrieval_history_length": ExecutionParameter(type=int),
        "seed": ExecutionParameter(type=int),
    }
    INPUTS = {
        "retrieval_model": ChannelParameter(type=standard_artifacts.Model),
        "ranking_model": ChannelParameter(type=standard_artifacts.Model),
        "index": ChannelParameter(type=CandidateIndex),
        "preranker": ChannelParameter(type=Preranker),
        "candidates": ChannelParameter(type=standard_artifacts.Examples),
        "transform_graph": ChannelParameter(type=standard_artifacts.TransformGraph),
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "interactions": ChannelParameter(type=Interactions),
    }
    OUTPUTS = {
        "model": ChannelParameter(type=standard_artifacts.Model),
        "classic_model": ChannelParameter(type=standard_artifacts.Model),
    }


class RecommenderAssembler(base_component.BaseComponent):
    """Composes retrieval, ranking and post-ranking into one SavedModel of stock operations.

    Args:
        retrieval_model: The two towers.
        ranking_model: The ranker.
        index: Candidate embeddings and tables.
        preranker: Cuts the pool of all sources.
        candidates: Rows of the CandidateGenerator, for what is measured on the eval window.
        transform_graph: The preprocessing graph.
        examples: Raw Examples; the texts of the catalog split are searched.
        interactions: All events, for the snapshot of histories that is pushed with the model.
        features: Feature columns.
        windows: Without `refit`, the tables as of the test window's start are served.
        event_weights: Event type -> weight as a target.
        post_ranking: Filters and what is given up for a longer tail.
        split: Lengths of histories.
        num_candidates: Candidates of a query.
        pool_size: Products that the preranker scores.
        seed: Of what exploration draws.
        refit: Whether models and index were made from every event up to now.
        fallback: `classic` also makes the output `classic_model`, the same model in the order of the baseline
            from which the ranker starts; `off` leaves it empty.
    """

    SPEC_CLASS = RecommenderAssemblerSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        retrieval_model: types.BaseChannel,
        ranking_model: types.BaseChannel,
        index: types.BaseChannel,
        preranker: types.BaseChannel,
        candidates: types.BaseChannel,
        transform_graph: types.BaseChannel,
        examples: types.BaseChannel,
        interactions: types.BaseChannel,
        features: FeatureSet,
        windows: TimeWindows,
        event_weights: dict[str, float],
        post_ranking: PostRankingSettings,
        split: SplitSettings,
        num_candidates: int,
        pool_size: int,
        seed: int,
        refit: bool = False,
        fallback: str = "classic",
    ) -> None:
        spec = RecommenderAssemblerSpec(
            retrieval_model=retrieval_model,
            ranking_model=ranking_model,
            index=index,
            preranker=preranker,
            candidates=candidates,
            transform_graph=transform_graph,
            examples=examples,
            interactions=interactions,
            model=types.Channel(type=standard_artifacts.Model),
            classic_model=types.Channel(type=standard_artifacts.Model),
            features=features.to_json(),
            windows=windows.to_json(),
            event_weights=json.dumps(event_weights, sort_keys=True),
            post_ranking=post_ranking.to_json(),
            num_candidates=num_candidates,
            pool_size=pool_size,
            seed=seed,
            refit=int(refit),
            fallback=fallback,
            history_length=split.history_length,
            retrieval_history_length=split.retrieval_history_length,
        )
        super().__init__(spec=spec)
