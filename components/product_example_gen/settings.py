"""Settings of the ProductExampleGen, and the job that is made of them for its workers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import field_validator

from components.node import NodeSettings
from schema.features import FeatureSet
from schema.source import ProductSource, mask_url, open_source, restore_password
from schema.source.forgotten import KEY_VARIABLE
from schema.source_settings import PASSWORD_VARIABLE, SourceSettings
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


@dataclass(frozen=True)
class Job:
    """Picklable description of one run of ProductExampleGen.

    Attributes:
        settings: Of the node.
        split_directories: Split -> folder of its files.
        interactions: Folder of the Interactions artifact.
    """

    settings: ProductExampleGenSettings
    split_directories: Mapping[str, str]
    interactions: str

    def open_source(self) -> ProductSource:
        """Opens the database, with the password and the key of forgotten users from the environment."""
        source = self.settings.source
        url = restore_password(source.url or "", os.environ.get(PASSWORD_VARIABLE))
        return open_source(source.model_copy(update={"url": url}), forget_key=os.environ.get(KEY_VARIABLE))
