"""Settings of the CandidateIndexer."""

from __future__ import annotations

from components.node import NodeSettings
from components.settings import IndexSettings
from schema.features import FeatureSet


class CandidateIndexerSettings(NodeSettings):
    """As of when, and from what, the index is made."""

    index_settings: IndexSettings
    """Number of neighbours, half-life and the cost of EASE."""
    window: int
    """Length of the eval window in seconds."""
    cutoffs: tuple[int, ...]
    """Epoch seconds; each gets tables made from the events strictly before it."""
    features: FeatureSet
    """Feature columns."""
