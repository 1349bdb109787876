"""TFX's ExampleValidator executor, with the environment that TFX leaves out."""

from __future__ import annotations

import os
from typing import Any

import tensorflow_data_validation as tfdv
from tfx.components.example_validator import executor as example_validator
from tfx.components.example_validator import labels
from tfx.types import standard_component_specs
from tfx.utils import writer_utils


class Executor(example_validator.Executor):
    """Validates the statistics of some splits against one environment of the schema."""

    _environment: str

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> Any:  # noqa: N802
        """Runs the component as TFX's does."""
        self._environment = exec_properties["environment"]
        return super().Do(input_dict, output_dict, exec_properties)

    def _Validate(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> Any:  # noqa: N802
        anomalies = tfdv.validate_statistics(
            statistics=inputs[standard_component_specs.STATISTICS_KEY],
            schema=inputs[standard_component_specs.SCHEMA_KEY],
            environment=self._environment,
        )
        path = os.path.join(outputs[labels.SCHEMA_DIFF_PATH], example_validator.DEFAULT_FILE_NAME)
        writer_utils.write_anomalies(path, anomalies)
        return anomalies
