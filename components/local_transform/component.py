"""Declares Transform, which needs no Beam pipeline where Beam would have one process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfx.components.transform import component
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.proto import transform_pb2
from tfx.types import BaseChannel

from components.local_transform.executor import Executor


class Transform(component.Transform):
    """TFX's Transform without statistics and without a cache of analyzers.

    Args:
        examples: Gzipped TFRecords of tf.Examples.
        schema: Of the examples.
        preprocessing_fn: Dotted path of the function.
        splits_config: Splits that are analyzed, and splits that are transformed.
        custom_config: Handed to `preprocessing_fn`.

    Outputs: `transform_graph` and `transformed_examples`.
    """

    EXECUTOR_SPEC = BeamExecutorSpec(Executor)

    def __init__(
        self,
        examples: BaseChannel,
        schema: BaseChannel,
        preprocessing_fn: str,
        splits_config: transform_pb2.SplitsConfig,
        custom_config: Mapping[str, Any],
    ) -> None:
        super().__init__(
            examples=examples,
            schema=schema,
            preprocessing_fn=preprocessing_fn,
            splits_config=splits_config,
            custom_config=dict(custom_config),
            disable_statistics=True,  # StatisticsGen has those of the raw examples
            disable_analyzer_cache=True,
        )
