"""Everything that a worker must know to turn its share of the database into examples."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from components.product_example_gen.settings import ProductExampleGenSettings
from schema.source import ProductSource, open_source, restore_password
from schema.source.forgotten import KEY_VARIABLE
from schema.source_settings import PASSWORD_VARIABLE


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
