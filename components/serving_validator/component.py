"""Declares ServingValidator."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.standard_artifacts import Examples, InfraBlessing, Model, ModelBlessing

from components.artifacts import RecommenderMetrics
from components.node import Node
from components.serving_validator.executor import Executor
from components.serving_validator.settings import ServingValidatorSettings


class ServingValidator(Node):
    """Replays test queries in a fresh process: same answers as offline, and fast enough.

    Args:
        settings: Feature columns and thresholds.
        model: The assembled SavedModel.
        classic_model: What is served in its place, if the blessing says so.
        model_blessing: Of the RecommenderEvaluator.
        examples: Raw Examples with the split test.
        evaluation: Predictions of the RecommenderEvaluator; without them (a refitted model has none)
            the fresh process must agree with the model as called in this process.
    """

    SETTINGS = ServingValidatorSettings
    INPUTS = {
        "model": Model,
        "classic_model": Model,
        "model_blessing": ModelBlessing,
        "examples": Examples,
        "evaluation": RecommenderMetrics,
    }
    OPTIONAL = frozenset({"evaluation"})
    OUTPUTS = {"blessing": InfraBlessing}
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
