"""Declares RecommenderEvaluator."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.standard_artifacts import Examples, Model, ModelBlessing, TransformGraph

from components.artifacts import BaselineLists, CandidateIndex, Interactions, RecommenderMetrics
from components.node import Node
from components.recommender_evaluator.executor import Executor
from components.recommender_evaluator.settings import RecommenderEvaluatorSettings


class RecommenderEvaluator(Node):
    """Measures the composed system on the test window against tuned baselines and the champion.

    Args:
        settings: Windows, gates, and where the champion is.
        model: The assembled SavedModel.
        classic_model: Is blessed in its place if it is refused and this is not.
        examples: Raw Examples with the splits eval, test and catalog.
        interactions: All events.
        baselines: What the tuned classics recommend to the same users.
        index: Its candidate embeddings measure the diversity of lists.
        transform_graph: Names the products of the index.
    """

    SETTINGS = RecommenderEvaluatorSettings
    INPUTS = {
        "model": Model,
        "classic_model": Model,
        "examples": Examples,
        "interactions": Interactions,
        "baselines": BaselineLists,
        "index": CandidateIndex,
        "transform_graph": TransformGraph,
    }
    OUTPUTS = {
        "evaluation": RecommenderMetrics,
        "blessing": ModelBlessing,
    }
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
