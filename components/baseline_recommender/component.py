"""The BaselineRecommender component."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.artifacts import BaselineLists, Interactions
from components.baseline_recommender.executor import Executor
from components.settings import BaselineSettings
from schema.windows import TimeWindows


class BaselineRecommenderSpec(types.ComponentSpec):
    """Inputs, outputs and parameters."""

    PARAMETERS = {
        "windows": ExecutionParameter(type=str),
        "settings": ExecutionParameter(type=str),
        "exclude_purchased": ExecutionParameter(type=str),
        "max_test_queries": ExecutionParameter(type=int),
        "seed": ExecutionParameter(type=int),
    }
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "interactions": ChannelParameter(type=Interactions),
    }
    OUTPUTS = {"baselines": ChannelParameter(type=BaselineLists)}


class BaselineRecommender(base_component.BaseComponent):
    """Tunes the classics on the eval window and writes what they recommend in the test window.

    It depends on the data alone, not on any setting of the models, so that a new model is compared without
    paying for the baselines again.

    Args:
        examples: Raw Examples with the splits eval, test and catalog.
        interactions: All events.
        windows: The time windows.
        settings: Which baselines, and caps.
        exclude_purchased: `post_ranking.exclude_purchased`: baselines leave out what the system leaves out.
        max_test_queries: Users of the test window who are asked about.
        seed: Of samples and factorisations.
    """

    SPEC_CLASS = BaselineRecommenderSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        examples: types.BaseChannel,
        interactions: types.BaseChannel,
        windows: TimeWindows,
        settings: BaselineSettings,
        exclude_purchased: str,
        max_test_queries: int,
        seed: int,
    ) -> None:
        spec = BaselineRecommenderSpec(
            examples=examples,
            interactions=interactions,
            baselines=types.Channel(type=BaselineLists),
            windows=windows.to_json(),
            settings=settings.to_json(),
            exclude_purchased=exclude_purchased,
            max_test_queries=max_test_queries,
            seed=seed,
        )
        super().__init__(spec=spec)
