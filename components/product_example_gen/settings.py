"""Settings of the ProductExampleGen."""

from __future__ import annotations

from pydantic import field_validator

from components.node import NodeSettings
from schema.features import FeatureSet
from schema.source import mask_url
from schema.source_settings import SourceSettings
from schema.windows import SplitSettings, TimeWindows


class ProductExampleGenSettings(NodeSettings):
    """What is read, and how it becomes examples."""

    source: SourceSettings
    """The database. A password in its URL is masked; executors find the real one in the environment
    variable `TOWERLINE_SOURCE_PASSWORD`."""
    features: FeatureSet
    """Feature columns of users and products."""
    windows: TimeWindows
    """Where the splits are in time."""
    split: SplitSettings
    """Lengths of histories and number of baskets."""
    event_weights: dict[str, float]
    """Event type -> weight as a target."""
    fingerprint: str
    """Hash of the content of the database. Nothing is read from it: it makes the cache of ML Metadata miss
    when the data has changed."""

    @field_validator("source")
    @classmethod
    def _mask(cls, source: SourceSettings) -> SourceSettings:
        return source.model_copy(update={"url": mask_url(source.url or "")})
