"""Settings of the RecommenderAssembler."""

from __future__ import annotations

from typing import Literal

from components.node import NodeSettings
from components.settings import PostRankingSettings
from schema.features import FeatureSet
from schema.windows import SplitSettings, TimeWindows


class RecommenderAssemblerSettings(NodeSettings):
    """What the served model is composed with."""

    features: FeatureSet
    """Feature columns."""
    windows: TimeWindows
    """Without `refit`, the tables as of the test window's start are served."""
    event_weights: dict[str, float]
    """Event type -> weight as a target."""
    post_ranking: PostRankingSettings
    """Filters and what is given up for a longer tail."""
    split: SplitSettings
    """Lengths of histories."""
    num_candidates: int
    """Candidates of a query."""
    pool_size: int
    """Products that the preranker scores."""
    seed: int
    """Of what exploration draws."""
    refit: bool = False
    """Whether models and index were made from every event up to now."""
    fallback: Literal["classic", "off"] = "classic"
    """`classic` also makes the output `classic_model`, the same model in the order of the baseline from which
    the ranker starts; `off` leaves it empty."""

    refresh_of: str = ""
    """The pushed version whose towers and rankers these are, where nothing else of the run was trained."""

    @property
    def cutoff(self) -> int:
        """As of when the tables are."""
        return self.windows.now if self.refit else self.windows.test_start
