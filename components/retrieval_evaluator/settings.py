"""Settings of the RetrievalEvaluator."""

from __future__ import annotations

from components.node import NodeSettings
from components.settings import GateSettings
from schema.features import FeatureSet
from schema.windows import TimeWindows


class RetrievalEvaluatorSettings(NodeSettings):
    """What is measured, and the floor of recall."""

    features: FeatureSet
    """Feature columns."""
    windows: TimeWindows
    """The tables are those of the eval window's start."""
    gates: GateSettings
    """The floor of recall."""
    pool_size: int
    """Products that the preranker scores."""
