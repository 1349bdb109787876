"""The models of which the served graph is composed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow_transform as tft


@dataclass(frozen=True)
class LoadedModels:
    """What was learned.

    Attributes:
        transform: The transform graph.
        retrieval: The loaded retrieval model.
        ranking: The loaded ranking model.
    """

    transform: tft.TFTransformOutput
    retrieval: Any
    ranking: Any
