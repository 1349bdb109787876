"""The anomalies that TensorFlow Data Validation found, as checks."""

from __future__ import annotations

import os
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.components.example_validator.executor import DEFAULT_FILE_NAME
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from components.evaluation.verdicts import Verdict


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
