"""Declares EnvironmentValidator."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.standard_artifacts import ExampleAnomalies, ExampleStatistics, Schema

from components.environment_validator.executor import Executor
from components.environment_validator.settings import EnvironmentValidatorSettings
from components.node import Node


class EnvironmentValidator(Node):
    """TFX's ExampleValidator for splits whose rows are of one kind.

    Query and catalog rows share a schema; which features a row must have depends on its kind. TFX's
    own component cannot say which environment of the schema it means.

    Args:
        settings: The environment, and the splits that are left out.
        statistics: From StatisticsGen.
        schema: The frozen schema.

    Outputs: `anomalies`, as TFX's ExampleValidator writes them.
    """

    SETTINGS = EnvironmentValidatorSettings
    INPUTS = {
        "statistics": ExampleStatistics,
        "schema": Schema,
    }
    OUTPUTS = {"anomalies": ExampleAnomalies}
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
