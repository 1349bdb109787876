"""Declares RecommenderAssembler."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.standard_artifacts import Examples, Model, ModelBlessing, TransformGraph

from components.artifacts import CandidateIndex, Interactions, Preranker
from components.node import Node
from components.recommender_assembler.executor import Executor
from components.recommender_assembler.settings import RecommenderAssemblerSettings


class RecommenderAssembler(Node):
    """Composes retrieval, ranking and post-ranking into one SavedModel of stock operations.

    Args:
        settings: What it is composed with.
        retrieval_model: The two towers.
        ranking_model: The ranker.
        index: Candidate embeddings and tables.
        preranker: Cuts the pool of all sources.
        candidates: Rows of the CandidateGenerator, for what is measured on the eval window.
        transform_graph: The preprocessing graph.
        examples: Raw Examples; the texts of the catalog split are searched.
        interactions: All events, for the snapshot of histories that is pushed with the model.
        model_blessing: What the evaluated model was blessed as; where it is known, the model to fall back to
            is made only if the blessing is of that.
    """

    SETTINGS = RecommenderAssemblerSettings
    INPUTS = {
        "retrieval_model": Model,
        "ranking_model": Model,
        "index": CandidateIndex,
        "preranker": Preranker,
        "candidates": Examples,
        "transform_graph": TransformGraph,
        "examples": Examples,
        "interactions": Interactions,
        "model_blessing": ModelBlessing,
    }
    OPTIONAL = frozenset({"model_blessing"})
    OUTPUTS = {
        "model": Model,
        "classic_model": Model,
    }
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
