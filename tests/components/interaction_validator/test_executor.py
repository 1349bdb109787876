"""The executor on artifacts written here, sound and broken."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import ExampleAnomalies, Examples

from components.artifacts import InteractionReport, Interactions
from components.interaction_validator.component import InteractionValidator
from components.interaction_validator.executor import Executor
from components.interaction_validator.settings import InteractionValidatorSettings
from components.settings import GateSettings
from schema.errors import PipelineRefusedError

GATES = GateSettings(min_queries=1)
TIMES = {"train": (10, 20), "eval": (20, 30), "test": (30, 40)}


def _example(user, time, end, history):
    values = {"user_id": [user], "query_time": [time], "target_end": [end], "history_time": history}
    features = {
        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=found))
        if found and isinstance(found[0], bytes)
        else tf.train.Feature(int64_list=tf.train.Int64List(value=found))
        for name, found in (values | {"target_product_id": [b"p"]}).items()
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


@pytest.fixture
def inputs(tmp_path):
    found = {
        "examples": Examples(),
        "interactions": Interactions(),
        "query_anomalies": ExampleAnomalies(),
        "catalog_anomalies": ExampleAnomalies(),
    }
    for name, artifact in found.items():
        artifact.uri = str(tmp_path / name)
    found["examples"].split_names = artifact_utils.encode_split_names([*TIMES, "catalog"])
    for split, (time, end) in TIMES.items():
        write_split(found["examples"], split, [_example(b"a", time, end, [time - 1])])
    write_events(found["interactions"], [("a", "p", 1), ("a", "q", 2)])
    write_anomalies(found["query_anomalies"], ["train", "eval", "test"])
    write_anomalies(found["catalog_anomalies"], ["catalog"])
    return found


def write_split(examples, split, records):
    path = Path(artifact_utils.get_split_uri([examples], split))
    path.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path / "data_tfrecord-00000-of-00001.gz"), "GZIP") as writer:
        for record in records:
            writer.write(record)


def write_events(interactions, rows, orphans=()):
    Path(interactions.uri).mkdir(exist_ok=True)
    users, products, times = map(list, zip(*rows, strict=True))
    table = {
        "user_id": users,
        "product_id": products,
        "occurred_at": times,
        "event_type": ["purchase"] * len(rows),
    }
    pq.write_table(pa.table(table), Path(interactions.uri) / "part-00000.parquet")
    (Path(interactions.uri) / "_summary.json").write_text(json.dumps({"orphans": list(orphans)}))


def write_anomalies(artifact, splits, **severities):
    artifact.split_names = artifact_utils.encode_split_names(splits)
    anomalies = anomalies_pb2.Anomalies()
    for name, severity in severities.items():
        info = anomalies.anomaly_info[name]
        info.severity = anomalies_pb2.AnomalyInfo.Severity.Value(severity)
        info.short_description, info.description = "Column dropped", "Column is completely missing."
    for split in splits:
        path = Path(artifact_utils.get_split_uri([artifact], split))
        path.mkdir(parents=True, exist_ok=True)
        (path / "SchemaDiff.pb").write_bytes(anomalies.SerializeToString())


def validate(inputs, tmp_path):
    report = InteractionReport()
    report.uri = str(tmp_path / "report")
    wrapped = {name: [artifact] for name, artifact in inputs.items()}
    try:
        Executor().Do(
            wrapped, {"report": [report]}, InteractionValidatorSettings(gates=GATES).to_properties()
        )
    finally:
        found = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    return found


def test_sound_data_pass_and_every_check_is_reported(inputs, tmp_path):
    report = validate(inputs, tmp_path)
    assert report["passed"]
    assert {"orphans", "duplicates", "future", "top_product", "size_of_eval", "train_before_eval"} <= {
        check["name"] for check in report["checks"]
    }
    assert set(report["checks"][0]) == {"name", "passed", "critical", "measured", "threshold", "sentence"}


def test_a_critical_finding_refuses_the_run_and_is_in_the_report(inputs, tmp_path):
    write_events(inputs["interactions"], [("a", "p", 1), ("a", "x", 2)], orphans=["x"])
    with pytest.raises(
        PipelineRefusedError, match=r"not valid. 1 of 2 events \(50.0%; at most 5.0%\).*`products`"
    ):
        validate(inputs, tmp_path)
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert not report["passed"]


def test_a_leak_in_the_examples_refuses_the_run(inputs, tmp_path):
    write_split(inputs["examples"], "test", [_example(b"a", 30, 40, [29, 30])])
    with pytest.raises(
        PipelineRefusedError, match="1 of 1 queries of split `test` have a history event at or after"
    ):
        validate(inputs, tmp_path)


@pytest.mark.parametrize("artifact", ["query_anomalies", "catalog_anomalies"])
def test_an_error_of_data_validation_refuses_the_run(inputs, tmp_path, artifact):
    write_anomalies(inputs[artifact], ["train"], product__colour="ERROR")
    with pytest.raises(
        PipelineRefusedError, match=r"feature `product__colour`: Column dropped.*schema freeze"
    ):
        validate(inputs, tmp_path)


def test_a_warning_of_data_validation_is_reported_only(inputs, tmp_path):
    write_anomalies(inputs["query_anomalies"], ["eval"], user__age="WARNING")
    report = validate(inputs, tmp_path)
    assert report["passed"]
    assert [check["name"] for check in report["checks"] if not check["passed"]] == [
        "schema_of_eval_user__age"
    ]


def test_wiring():
    from tfx.types import Channel

    component = InteractionValidator(
        InteractionValidatorSettings(gates=GATES),
        examples=Channel(type=Examples),
        interactions=Channel(type=Interactions),
        query_anomalies=Channel(type=ExampleAnomalies),
        catalog_anomalies=Channel(type=ExampleAnomalies),
    )
    assert component.outputs["report"].type is InteractionReport
