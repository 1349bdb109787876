"""Settings of the BaselineRecommender."""

from __future__ import annotations

from components.node import NodeSettings
from components.settings import BaselineSettings
from schema.windows import TimeWindows


class BaselineRecommenderSettings(NodeSettings):
    """What is asked of which baselines."""

    windows: TimeWindows
    """The time windows."""
    baseline_settings: BaselineSettings
    """Which baselines, and caps."""
    exclude_purchased: str
    """`post_ranking.exclude_purchased`: baselines leave out what the system leaves out."""
    max_test_queries: int
    """Users of the test window who are asked about."""
    seed: int
    """Of samples and factorisations."""
