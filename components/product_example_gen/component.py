"""Declares ProductExampleGen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.types import Artifact
from tfx.types.standard_artifacts import Examples

from components.artifacts import Interactions
from components.node import BeamNode
from components.product_example_gen.executor import Executor
from components.product_example_gen.settings import ProductExampleGenSettings


class ProductExampleGen(BeamNode):
    """Reads a product database and writes examples in the splits train, eval, test and catalog.

    Args:
        settings: The database, its columns and the windows.

    Outputs: `examples` (gzipped TFRecords of tf.Examples) and `interactions` (Parquet).
    """

    SETTINGS = ProductExampleGenSettings
    INPUTS: ClassVar[Mapping[str, type[Artifact]]] = {}
    OUTPUTS = {
        "examples": Examples,
        "interactions": Interactions,
    }
    EXECUTOR_SPEC = BeamExecutorSpec(Executor)
