"""Declares CandidateGenerator."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.standard_artifacts import Examples, Model, TransformGraph

from components.artifacts import CandidateIndex, Interactions, Preranker
from components.candidate_generator.executor import Executor
from components.candidate_generator.settings import CandidateGeneratorSettings
from components.node import Node


class CandidateGenerator(Node):
    """Writes, for each training and eval query of the ranker, the candidates that serving would give it.

    Args:
        settings: Which queries, and how many candidates.
        model: The retrieval model.
        index: The candidate index.
        preranker: Cuts the pool of all sources.
        transformed_examples: Queries (train, eval) and the catalog.
        transform_graph: The product vocabulary.
        interactions: Events, for what else happened in a window.
    """

    SETTINGS = CandidateGeneratorSettings
    INPUTS = {
        "model": Model,
        "index": CandidateIndex,
        "preranker": Preranker,
        "transformed_examples": Examples,
        "transform_graph": TransformGraph,
        "interactions": Interactions,
    }
    OUTPUTS = {"examples": Examples}
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
