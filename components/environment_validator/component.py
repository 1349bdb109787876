"""Declares EnvironmentValidator."""

from __future__ import annotations

from collections.abc import Sequence

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types import BaseChannel, Channel, ComponentSpec
from tfx.types.component_spec import ChannelParameter, ExecutionParameter
from tfx.types.standard_artifacts import ExampleAnomalies, ExampleStatistics, Schema
from tfx.utils import json_utils

from components.environment_validator.executor import Executor


class EnvironmentValidatorSpec(ComponentSpec):
    """Inputs, outputs and parameters of EnvironmentValidator."""

    PARAMETERS = {
        "exclude_splits": ExecutionParameter(type=str),
        "environment": ExecutionParameter(type=str),
    }
    INPUTS = {
        "statistics": ChannelParameter(type=ExampleStatistics),
        "schema": ChannelParameter(type=Schema),
    }
    OUTPUTS = {"anomalies": ChannelParameter(type=ExampleAnomalies)}


class EnvironmentValidator(BaseComponent):
    """TFX's ExampleValidator for splits whose rows are of one kind.

    Query and catalog rows share a schema; which features a row must have depends on its kind. TFX's
    own component cannot say which environment of the schema it means.

    Args:
        statistics: From StatisticsGen.
        schema: The frozen schema.
        environment: Environment that the validated splits belong to, such as `QUERY`.
        exclude_splits: Splits that are not validated.

    Outputs: `anomalies`, as TFX's ExampleValidator writes them.
    """

    SPEC_CLASS = EnvironmentValidatorSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self,
        statistics: BaseChannel,
        schema: BaseChannel,
        environment: str,
        exclude_splits: Sequence[str] = (),
    ) -> None:
        super().__init__(
            EnvironmentValidatorSpec(
                statistics=statistics,
                schema=schema,
                environment=environment,
                exclude_splits=json_utils.dumps(list(exclude_splits)),
                anomalies=Channel(type=ExampleAnomalies),
            )
        )
