"""Settings of the PrerankingTrainer."""

from __future__ import annotations

from components.node import NodeSettings
from components.settings import PrerankingSettings
from schema.features import FeatureSet
from schema.windows import SplitSettings, TimeWindows


class PrerankingTrainerSettings(NodeSettings):
    """What the preranker learns from, and how."""

    preranking: PrerankingSettings
    """Pool and network."""
    windows: TimeWindows
    """Starts of the training windows."""
    features: FeatureSet
    """Feature columns."""
    split: SplitSettings
    """Lengths of histories."""
    seed: int
    """Of the drawn negatives, the weights and the order."""
