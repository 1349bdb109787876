"""What the served graph needs to know of the configuration."""

from __future__ import annotations

from dataclasses import dataclass

from schema.features import FeatureSet


@dataclass(frozen=True)
class ServingSettings:
    """What the graph needs to know of the configuration.

    Attributes:
        features: Feature columns.
        history_length: Events that the ranker sees.
        retrieval_history_length: Events that the query tower sees.
        positive_types: Whether an event of each known type counts as bought.
        exclude_days: Products bought within this many days are never recommended; 0 switches it off.
        popularity_discount: Weight of the log popularity that is taken off the scores.
        new_product_step: Every how many ranks a product never sold before stands; 0 is nowhere.
    """

    features: FeatureSet
    history_length: int
    retrieval_history_length: int
    positive_types: tuple[bool, ...]
    exclude_days: float
    popularity_discount: float
    new_product_step: int
