"""The TransformGraph artifact: what `tft.TFTransformOutput` reads."""

from __future__ import annotations

import json
import os

import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform import impl_helper
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io

from components.local_transform.analysis import Analyzed


def publish(analyzed: Analyzed, schema: schema_pb2.Schema, folder: str) -> None:
    """Writes the artifact.

    Args:
        analyzed: The graph.
        schema: Of the raw examples.
        folder: Of the artifact.
    """
    output = tft.TFTransformOutput
    raw = dataset_metadata.DatasetMetadata(schema)
    metadata_io.write_metadata(raw, os.path.join(folder, output.RAW_METADATA_DIR))
    transformed = os.path.join(folder, output.TRANSFORMED_METADATA_DIR)
    metadata_io.write_metadata(transformed_metadata(analyzed), transformed)
    if analyzed.asset_map:
        with tf.io.gfile.GFile(os.path.join(transformed, output.ASSET_MAP), "w") as file:
            file.write(json.dumps(analyzed.asset_map))
    _copy(analyzed.model, os.path.join(folder, output.TRANSFORM_FN_DIR))


def transformed_metadata(analyzed: Analyzed) -> dataset_metadata.DatasetMetadata:
    """The schema of the rows."""
    return metadata_io.read_metadata(os.path.join(analyzed.model, impl_helper.METADATA_DIR_NAME))


def _copy(source: str, target: str) -> None:
    tf.io.gfile.makedirs(target)
    for entry in tf.io.gfile.listdir(source):
        name = entry.rstrip("/")  # how some file systems mark a folder
        inner = os.path.join(source, name), os.path.join(target, name)
        if not tf.io.gfile.isdir(inner[0]):
            tf.io.gfile.copy(*inner)
        elif name != impl_helper.METADATA_DIR_NAME:
            _copy(*inner)
