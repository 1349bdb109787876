"""Settings of the ServingValidator."""

from __future__ import annotations

from components.node import NodeSettings
from components.settings import GateSettings
from schema.features import FeatureSet


class ServingValidatorSettings(NodeSettings):
    """What is replayed, and what it must reach."""

    features: FeatureSet
    """Feature columns."""
    gates: GateSettings
    """`max_latency_ms`, `max_different_answers`."""
    history_length: int
    """Events that a query carries."""
    seed: int = 0
    """Of the random users whom both executors are asked for."""
