"""Declares BaselineRecommender."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.standard_artifacts import Examples

from components.artifacts import BaselineLists, Interactions
from components.baseline_recommender.executor import Executor
from components.baseline_recommender.settings import BaselineRecommenderSettings
from components.node import Node


class BaselineRecommender(Node):
    """Tunes the classics on the eval window and writes what they recommend in the test window.

    It depends on the data alone, not on any setting of the models, so that a new model is compared without
    paying for the baselines again.

    Args:
        settings: Which baselines, and windows.
        examples: Raw Examples with the splits eval, test and catalog.
        interactions: All events.
    """

    SETTINGS = BaselineRecommenderSettings
    INPUTS = {
        "examples": Examples,
        "interactions": Interactions,
    }
    OUTPUTS = {"baselines": BaselineLists}
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
