"""Gathers the facts, writes the report, and stops the run on a critical finding."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from typing import Any

import pyarrow.parquet as pq
from absl import logging
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.components.example_validator.executor import DEFAULT_FILE_NAME
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from components.evaluation.verdicts import Verdict, refuse
from components.interaction_validator.event_checks import EventFacts, check_events
from components.interaction_validator.settings import InteractionValidatorSettings
from components.interaction_validator.split_checks import SplitFacts, check_splits
from components.interactions.files import SUMMARY_FILE, part_files
from components.settings import GateSettings
from schema import names
from schema.findings import Finding

REPORT_FILE = "report.json"
_LONGEST_PROPERTY = 4000


class Executor(BaseExecutor):
    """Validates what ProductExampleGen wrote."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        """Runs the component.

        Raises:
            PipelineRefusedError: A critical check failed.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        settings = InteractionValidatorSettings.from_properties(exec_properties)
        gates, findings = settings.gates, settings.findings
        inputs = {name: artifact_utils.get_single_instance(found) for name, found in input_dict.items()}
        checks = [
            *check_findings(findings),
            *check_anomalies(inputs["query_anomalies"]),
            *check_anomalies(inputs["catalog_anomalies"]),
            *_event_checks(inputs["interactions"].uri, gates),
            *_split_checks(inputs["examples"], gates),
        ]
        for check in checks:
            level = logging.INFO if check.passed else logging.ERROR if check.critical else logging.WARNING
            logging.log(
                level, "%s %s: %s", "Passed" if check.passed else "Failed", check.name, check.sentence
            )
        report = artifact_utils.get_single_instance(output_dict["report"])
        _write_report(report.uri, checks, findings)
        warnings = [finding for finding in findings if finding.severity != "info"]
        report.set_int_custom_property("num_warnings", len(warnings))
        report.set_string_custom_property(
            "findings", "; ".join(map(sentence_of, warnings))[:_LONGEST_PROPERTY]
        )
        refuse(checks, "The data is not valid.")


def _event_checks(uri: str, gates: GateSettings) -> list[Verdict]:
    with fileio.open(os.path.join(uri, SUMMARY_FILE)) as file:
        orphans = json.loads(file.read()).get("orphans", [])
    facts = EventFacts.gather(map(pq.read_table, part_files(uri)), orphans)
    return check_events(facts, gates, int(time.time()))


def _split_checks(examples: Any, gates: GateSettings) -> list[Verdict]:
    splits = {}
    for name in names.QUERY_SPLITS:
        splits[name] = SplitFacts.gather(artifact_utils.get_split_uri([examples], name))
        logging.info("Read the %d queries of split %s.", splits[name].num_queries, name)
    return check_splits(splits, gates)


def _write_report(uri: str, checks: Sequence[Verdict], findings: Sequence[Finding]) -> None:
    fileio.makedirs(uri)
    report = {
        "passed": not any(check.stops for check in checks),
        "checks": [check.as_check() for check in checks],
        "findings": [finding.model_dump() for finding in findings],
    }
    with fileio.open(os.path.join(uri, REPORT_FILE), "w") as file:
        file.write(json.dumps(report, indent=1, ensure_ascii=False))


def check_anomalies(artifact: Any) -> list[Verdict]:
    """Returns a failed check per anomaly of an ExampleAnomalies artifact; critical if it is an error."""
    checks: list[Verdict] = []
    for split in artifact_utils.decode_split_names(artifact.split_names):
        path = os.path.join(artifact_utils.get_split_uri([artifact], split), DEFAULT_FILE_NAME)
        with fileio.open(path, "rb") as file:
            found = anomalies_pb2.Anomalies.FromString(file.read())
        infos = dict(found.anomaly_info)
        if found.HasField("dataset_anomaly_info"):
            infos["dataset"] = found.dataset_anomaly_info
        checks.extend(_check(split, name, info) for name, info in sorted(infos.items()))
    return checks


def _check(split: str, name: str, info: anomalies_pb2.AnomalyInfo) -> Verdict:
    return Verdict(
        name=f"schema_of_{split}_{name}",
        passed=False,
        critical=info.severity == anomalies_pb2.AnomalyInfo.ERROR,
        measured=1.0,
        threshold=0.0,
        sentence=f"Split `{split}`, feature `{name}`: {info.short_description}. {info.description} Remedy: "
        "correct the data, or freeze the schema again with `towerline schema freeze --force`.",
    )


def check_findings(findings: Sequence[Finding]) -> list[Verdict]:
    """Returns a failed check for each severe finding, with the count as what was measured."""
    return [
        Verdict(
            name=finding.kind,
            passed=False,
            critical=True,
            measured=float(finding.count),
            threshold=0.0,
            sentence=sentence_of(finding),
        )
        for finding in findings
        if finding.severity == "error"
    ]


def sentence_of(finding: Finding) -> str:
    """Returns a finding as a sentence with its remedy."""
    where = f"Table `{finding.table}`" + (f", column `{finding.column}`" if finding.column else "")
    example = f" ({finding.example})" if finding.example else ""
    remedy = f" Remedy: {finding.remedy}." if finding.remedy else ""
    return f"{where}: {finding.count:,} {finding.kind}{example}, {finding.action}.{remedy}"
