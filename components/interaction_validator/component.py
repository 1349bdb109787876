"""Declares InteractionValidator."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types import BaseChannel, Channel, ComponentSpec
from tfx.types.component_spec import ChannelParameter, ExecutionParameter
from tfx.types.standard_artifacts import ExampleAnomalies, Examples

from components.artifacts import InteractionReport, Interactions
from components.interaction_validator.executor import Executor
from components.settings import GateSettings
from schema.findings import Finding


class InteractionValidatorSpec(ComponentSpec):
    """Inputs, outputs and parameters of InteractionValidator."""

    PARAMETERS = {"gates": ExecutionParameter(type=str), "findings": ExecutionParameter(type=str)}
    INPUTS = {
        "examples": ChannelParameter(type=Examples),
        "interactions": ChannelParameter(type=Interactions),
        "query_anomalies": ChannelParameter(type=ExampleAnomalies),
        "catalog_anomalies": ChannelParameter(type=ExampleAnomalies),
    }
    OUTPUTS = {"report": ChannelParameter(type=InteractionReport)}


class InteractionValidator(BaseComponent):
    """Checks the events and the splits, and stops the run on a critical finding or anomaly.

    Args:
        examples: From ProductExampleGen.
        interactions: From ProductExampleGen.
        query_anomalies: What validation found in the query splits.
        catalog_anomalies: What validation found in the catalog.
        gates: Thresholds.
        findings: What was noticed when the database was read.

    Outputs: `report` (`report.json`: each check with its figure, threshold and a sentence, and the findings;
    the custom properties `num_warnings` and `findings` tell them too).
    """

    SPEC_CLASS = InteractionValidatorSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self,
        examples: BaseChannel,
        interactions: BaseChannel,
        query_anomalies: BaseChannel,
        catalog_anomalies: BaseChannel,
        gates: GateSettings,
        findings: Sequence[Finding] = (),
    ) -> None:
        super().__init__(
            InteractionValidatorSpec(
                examples=examples,
                interactions=interactions,
                query_anomalies=query_anomalies,
                catalog_anomalies=catalog_anomalies,
                gates=gates.to_json(),
                findings=json.dumps([finding.model_dump() for finding in findings]),
                report=Channel(type=InteractionReport),
            )
        )
