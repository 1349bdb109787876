"""Declares PrerankingTrainer."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.standard_artifacts import Examples, Model

from components.artifacts import CandidateIndex, Preranker
from components.node import Node
from components.preranking_trainer.executor import Executor
from components.preranking_trainer.settings import PrerankingTrainerSettings


class PrerankingTrainer(Node):
    """Learns which products of the pool of all sources are worth ranking.

    Args:
        settings: Pool, network and windows.
        model: The retrieval model.
        index: The candidate index.
        transformed_examples: Queries of the split train.
    """

    SETTINGS = PrerankingTrainerSettings
    INPUTS = {
        "model": Model,
        "index": CandidateIndex,
        "transformed_examples": Examples,
    }
    OUTPUTS = {"preranker": Preranker}
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
