"""Declares InteractionValidator."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.standard_artifacts import ExampleAnomalies, Examples

from components.artifacts import InteractionReport, Interactions
from components.interaction_validator.executor import Executor
from components.interaction_validator.settings import InteractionValidatorSettings
from components.node import Node


class InteractionValidator(Node):
    """Checks the events and the splits, and stops the run on a critical finding or anomaly.

    Args:
        settings: Thresholds, and the findings of the reader.
        examples: From ProductExampleGen.
        interactions: From ProductExampleGen.
        query_anomalies: What validation found in the query splits.
        catalog_anomalies: What validation found in the catalog.

    Outputs: `report` (`report.json`: each check with what was measured, the threshold and a sentence, and the
    findings; the custom properties `num_warnings` and `findings` tell them too).
    """

    SETTINGS = InteractionValidatorSettings
    INPUTS = {
        "examples": Examples,
        "interactions": Interactions,
        "query_anomalies": ExampleAnomalies,
        "catalog_anomalies": ExampleAnomalies,
    }
    OUTPUTS = {"report": InteractionReport}
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
