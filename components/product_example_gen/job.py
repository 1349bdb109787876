"""Everything a worker must know to turn its share of the database into examples."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from schema.features import FeatureSet
from schema.source import ProductSource, open_source, restore_password
from schema.source_settings import PASSWORD_VARIABLE, SourceSettings
from schema.windows import SplitSettings, TimeWindows


@dataclass(frozen=True)
class Job:
    """Picklable description of one run of ProductExampleGen.

    Attributes:
        source: The database; a password in its URL is masked.
        features: Feature columns.
        windows: Where the splits are in time.
        split: Lengths of histories and number of baskets.
        event_weights: Event type -> weight as a target.
        split_directories: Split -> folder of its files.
        interactions: Folder of the Interactions artifact.
    """

    source: SourceSettings
    features: FeatureSet
    windows: TimeWindows
    split: SplitSettings
    event_weights: Mapping[str, float]
    split_directories: Mapping[str, str]
    interactions: str

    @classmethod
    def from_properties(
        cls, properties: Mapping[str, Any], split_directories: Mapping[str, str], interactions: str
    ) -> Self:
        """Restores the job from the execution properties of the component."""
        return cls(
            source=SourceSettings.from_json(properties["source"]),
            features=FeatureSet.from_json(properties["features"]),
            windows=TimeWindows.from_json(properties["windows"]),
            split=SplitSettings.from_json(properties["split"]),
            event_weights=json.loads(properties["event_weights"]),
            split_directories=split_directories,
            interactions=interactions,
        )

    def open_source(self) -> ProductSource:
        """Opens the database, with the password from the environment."""
        url = restore_password(self.source.url or "", os.environ.get(PASSWORD_VARIABLE))
        return open_source(self.source.model_copy(update={"url": url}))
