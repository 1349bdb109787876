"""Declares RetrievalEvaluator."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.standard_artifacts import Examples

from components.artifacts import CandidateIndex, Preranker, RecommenderMetrics
from components.node import Node
from components.retrieval_evaluator.executor import Executor
from components.retrieval_evaluator.settings import RetrievalEvaluatorSettings


class RetrievalEvaluator(Node):
    """Measures the recall of each candidate source and of their union on the eval window.

    Args:
        settings: Windows and the floor of recall.
        examples: Rows of the CandidateGenerator.
        index: The candidate index.
        preranker: Cuts the pool of all sources.
    """

    SETTINGS = RetrievalEvaluatorSettings
    INPUTS = {
        "examples": Examples,
        "index": CandidateIndex,
        "preranker": Preranker,
    }
    OUTPUTS = {"evaluation": RecommenderMetrics}
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
