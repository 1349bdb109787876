"""Declares CandidateIndexer."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.standard_artifacts import Examples, Model, TransformGraph

from components.artifacts import CandidateIndex, Interactions
from components.candidate_indexer.executor import Executor
from components.candidate_indexer.settings import CandidateIndexerSettings
from components.node import Node


class CandidateIndexer(Node):
    """Builds the candidate index: embeddings, neighbours and statistics at each cutoff.

    Args:
        settings: Cutoffs, and the sources beside the towers.
        model: The retrieval model.
        transform_graph: For the product vocabulary.
        transformed_examples: For the availability of products (catalog split).
        interactions: All events.
    """

    SETTINGS = CandidateIndexerSettings
    INPUTS = {
        "model": Model,
        "transform_graph": TransformGraph,
        "transformed_examples": Examples,
        "interactions": Interactions,
    }
    OUTPUTS = {"index": CandidateIndex}
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
