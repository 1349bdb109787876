"""Declares ProductExampleGen: the product database as examples, split in time."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.types import Channel, ComponentSpec
from tfx.types.component_spec import ChannelParameter, ExecutionParameter
from tfx.types.standard_artifacts import Examples

from components.artifacts import Interactions
from components.product_example_gen.executor import Executor
from schema.features import FeatureSet
from schema.source import mask_url
from schema.source_settings import SourceSettings
from schema.windows import SplitSettings, TimeWindows


class ProductExampleGenSpec(ComponentSpec):
    """Inputs, outputs and parameters of ProductExampleGen."""

    PARAMETERS = {
        name: ExecutionParameter(type=str)
        for name in ("source", "features", "windows", "split", "event_weights", "fingerprint")
    }
    INPUTS: dict[str, ChannelParameter] = {}
    OUTPUTS = {
        "examples": ChannelParameter(type=Examples),
        "interactions": ChannelParameter(type=Interactions),
    }


class ProductExampleGen(BaseBeamComponent):
    """Reads a product database and writes examples in the splits train, eval, test and catalog.

    Args:
        source: The database. A password in its URL is masked; executors find the real one in the
            environment variable `TOWERLINE_SOURCE_PASSWORD`.
        features: Feature columns of users and products.
        windows: Where the splits are in time.
        split: Lengths of histories and number of baskets.
        event_weights: Event type -> weight as a target.
        fingerprint: Hash of the content of the database. Nothing is read from it: it makes the cache
            of ML Metadata miss when the data has changed.

    Outputs: `examples` (gzipped TFRecords of tf.Examples) and `interactions` (Parquet).
    """

    SPEC_CLASS = ProductExampleGenSpec
    EXECUTOR_SPEC = BeamExecutorSpec(Executor)

    def __init__(
        self,
        source: SourceSettings,
        features: FeatureSet,
        windows: TimeWindows,
        split: SplitSettings,
        event_weights: Mapping[str, float],
        fingerprint: str,
    ) -> None:
        masked = source.model_copy(update={"url": mask_url(source.url or "")})
        super().__init__(
            ProductExampleGenSpec(
                source=masked.to_json(),
                features=features.to_json(),
                windows=windows.to_json(),
                split=split.to_json(),
                event_weights=json.dumps(dict(event_weights), sort_keys=True),
                fingerprint=fingerprint,
                examples=Channel(type=Examples),
                interactions=Channel(type=Interactions),
            )
        )
