"""Settings of the CandidateGenerator."""

from __future__ import annotations

from typing import Literal

from components.node import NodeSettings
from schema.features import FeatureSet
from schema.windows import SplitSettings, TimeWindows


class CandidateGeneratorSettings(NodeSettings):
    """Which queries get candidates, and how many."""

    windows: TimeWindows
    """Starts of the ranker's windows."""
    features: FeatureSet
    """Feature columns."""
    split: SplitSettings
    """Lengths of histories."""
    num_candidates: int
    """Candidates of a query."""
    pool_size: int
    """Products that the preranker scores."""
    cold_share: float | Literal["auto"]
    """Share of the training users whose queries come a second time, without history, or `auto`."""
    max_train_queries: int
    """Queries of the split train, about; users are sampled beyond."""
    max_eval_queries: int
    """Queries of the split eval, likewise."""
