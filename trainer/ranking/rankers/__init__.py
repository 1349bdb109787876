"""Architectures of the ranker, one a file; `ranking.model` chooses among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from trainer.ranking.rankers.base import Ranker
from trainer.ranking.rankers.dcn import CrossRanker
from trainer.ranking.rankers.dlrm import DotInteractionRanker
from trainer.ranking.rankers.mlp import DeepRanker
from trainer.ranking.rankers.ncf import NeuralFactorizationRanker
from trainer.settings import RankingSettings

RANKERS: Final[dict[str, type[Ranker]]] = {
    "dcn": CrossRanker,
    "dlrm": DotInteractionRanker,
    "mlp": DeepRanker,
    "ncf": NeuralFactorizationRanker,
}
"""By the value of `ranking.model`."""


def build_ranker(settings: RankingSettings, columns: Mapping[str, np.ndarray], seed: int) -> Ranker:
    """Builds the architecture that the settings name.

    Args:
        settings: Architecture and widths.
        columns: Product columns to embed, name -> index, int `[products]`.
        seed: Seed of the initialisers.
    """
    return RANKERS[settings.model](settings, columns, seed)
