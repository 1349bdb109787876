"""Settings of the RecommenderEvaluator."""

from __future__ import annotations

from components.node import NodeSettings
from components.settings import GateSettings
from schema.features import FeatureSet
from schema.windows import TimeWindows


class RecommenderEvaluatorSettings(NodeSettings):
    """What is measured, and what the model must reach."""

    windows: TimeWindows
    """The time windows."""
    features: FeatureSet
    """Feature columns."""
    gates: GateSettings
    """What the model must reach."""
    seed: int
    """Of the bootstrap and of samples."""
    push_directory: str
    """Where the champion is, if there is one."""
    history_length: int
    """Events that a query carries."""
