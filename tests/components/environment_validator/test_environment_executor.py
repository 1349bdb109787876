"""One schema, two kinds of rows: each is held to its own environment."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.types import Channel, artifact_utils
from tfx.types.standard_artifacts import ExampleAnomalies, ExampleStatistics, Schema
from tfx.utils import json_utils

from components.environment_validator.component import EnvironmentValidator
from components.environment_validator.executor import Executor
from components.environment_validator.settings import EnvironmentValidatorSettings
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.tensors import tf_schema

FEATURES = FeatureSet(products=(FeatureColumn(name="colour", kind=Kind.CATEGORY),))
CATALOG_ROWS = {"product_id": [[b"p"], [b"q"]], "product__colour": [[b"red"], [b"blue"]]}


@pytest.fixture
def artifacts(tmp_path):
    found = {"statistics": ExampleStatistics(), "schema": Schema(), "anomalies": ExampleAnomalies()}
    for name, artifact in found.items():
        artifact.uri = str(tmp_path / name)
    (tmp_path / "schema").mkdir()
    tf_schema.write_schema(tf_schema.build_schema(FEATURES), tmp_path / "schema" / "schema.pbtxt")
    return found


def anomalies(artifacts, rows, environment):
    statistics = tfdv.generate_statistics_from_dataframe(_frame(rows))
    artifacts["statistics"].split_names = artifact_utils.encode_split_names(["catalog", "train"])
    path = Path(artifact_utils.get_split_uri([artifacts["statistics"]], "catalog"))
    path.mkdir(parents=True)
    (path / "FeatureStats.pb").write_bytes(statistics.SerializeToString())
    properties = {"environment": environment, "exclude_splits": json_utils.dumps(["train"])}
    inputs = {name: [artifacts[name]] for name in ("statistics", "schema")}
    Executor().Do(inputs, {"anomalies": [artifacts["anomalies"]]}, properties)
    written = Path(artifacts["anomalies"].uri) / "Split-catalog" / "SchemaDiff.pb"
    return set(anomalies_pb2.Anomalies.FromString(written.read_bytes()).anomaly_info)


def _frame(rows):
    return pa.table(
        {name: [value[0].decode() for value in values] for name, values in rows.items()}
    ).to_pandas()


def test_a_catalog_row_need_not_be_a_query(artifacts):
    assert anomalies(artifacts, CATALOG_ROWS, tf_schema.CATALOG) == set()


def test_a_query_must_have_what_queries_have(artifacts):
    found = anomalies(artifacts, CATALOG_ROWS, tf_schema.QUERY)
    assert {"user_id", "query_time", "target_product_id", "target_weight"} <= found


def test_a_catalog_without_ids_is_an_anomaly(artifacts):
    assert anomalies(artifacts, {"product__colour": [[b"red"]]}, tf_schema.CATALOG) == {"product_id"}


def test_wiring():
    component = EnvironmentValidator(
        EnvironmentValidatorSettings(environment=tf_schema.QUERY, exclude_splits=("catalog",)),
        statistics=Channel(type=ExampleStatistics),
        schema=Channel(type=Schema),
    )
    assert component.outputs["anomalies"].type is ExampleAnomalies
    assert component.exec_properties == {"environment": "QUERY", "exclude_splits": '["catalog"]'}
