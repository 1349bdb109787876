"""Runs TensorFlow Transform in this process, or by TFX's own executor on a Beam runner."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft
from absl import logging
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform import impl_helper
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io
from tfx.components.transform import executor as tfx_transform
from tfx.components.transform import executor_utils, labels
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs
from tfx.utils import io_utils
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

from components.local_transform.analysis import Analyzed, analyze, load
from components.local_transform.operations import Unsupported
from components.local_transform.records import Records, shard_files

_TEMPORARY = ".temp_path"


class Executor(tfx_transform.Executor):
    """Writes the artifacts of Transform.

    A Beam pipeline of TensorFlow Transform has some hundred steps, and in one process building them takes
    longer than a hundred thousand events do. So without Beam arguments, which is one process, the same
    operations run one after the other; with them, or where `preprocessing_fn` needs an analyzer that is not
    known here, TFX's executor runs.
    """

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        """Runs the component."""
        if self._beam_pipeline_args:
            super().Do(input_dict, output_dict, exec_properties)
            return
        try:
            self._run_here(input_dict, output_dict, exec_properties)
        except Unsupported as error:
            logging.warning("Transform runs as a Beam pipeline: %s", error)
            super().Do(input_dict, output_dict, exec_properties)

    def _run_here(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:
        self._log_startup(input_dict, output_dict, exec_properties)
        examples = input_dict[specs.EXAMPLES_KEY]
        splits = executor_utils.ResolveSplitsConfig(exec_properties.get(specs.SPLITS_CONFIG_KEY), examples)
        transformed = output_dict[specs.TRANSFORMED_EXAMPLES_KEY]
        executor_utils.SetSplitNames(splits.transform, transformed)
        folder = artifact_utils.get_single_uri(output_dict[specs.TRANSFORM_GRAPH_KEY])
        schema_folder = artifact_utils.get_single_uri(input_dict[specs.SCHEMA_KEY])
        schema = io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(schema_folder))
        temporary = os.path.join(folder, _TEMPORARY)
        records = Records(_files(examples, splits.analyze), schema)
        analyzed = analyze(self._preprocessing_fn(exec_properties), records, temporary)
        publish(analyzed, schema, folder)
        writer = RowWriter(
            analyzed.model, transformed_metadata(analyzed).schema, records.of_files((), analyzed.columns)
        )
        for split in splits.transform:
            writer.write(_files(examples, [split]), artifact_utils.get_split_uri(transformed, split))
        io_utils.delete_dir(temporary)

    def _preprocessing_fn(self, exec_properties: dict[str, Any]) -> Callable[..., Any]:
        found: Callable[..., Any] = self._GetPreprocessingFn(
            {
                labels.MODULE_FILE: exec_properties.get(specs.MODULE_FILE_KEY),
                labels.MODULE_PATH: exec_properties.get(specs.MODULE_PATH_KEY),
                labels.PREPROCESSING_FN: exec_properties.get(specs.PREPROCESSING_FN_KEY),
                labels.CUSTOM_CONFIG: exec_properties.get(specs.CUSTOM_CONFIG_KEY),
            },
            {},
        )
        return found


def split_files(examples: Sequence[Any], split: str) -> list[str]:
    """Files of a split of Examples artifacts."""
    return _files(examples, [split])


def _files(examples: Sequence[Any], splits: Sequence[str]) -> list[str]:
    folders = [uri for split in splits for uri in artifact_utils.get_split_uris(list(examples), split)]
    return [file for folder in folders for file in shard_files(folder)]


_COMPRESSION_LEVEL = 1


class RowWriter:
    """Writes splits; loading the graph costs as much as some ten thousand rows, so it is loaded once.

    Args:
        model: Folder of the graph's SavedModel.
        schema: Of the transformed rows.
        records: Records of the kind that is transformed, with the columns that the graph reads.
    """

    def __init__(self, model: str, schema: schema_pb2.Schema, records: Records) -> None:
        self._records = records
        self._converter = impl_helper.make_tensor_to_arrow_converter(schema)
        self._encoder = RecordBatchToExamplesEncoder(schema)
        self._transform = load(model, records.type_specs())

    def write(self, files: Sequence[str], folder: str) -> None:
        """Writes a file for each of `files`, its rows in their order, to the folder of a split."""
        options = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=_COMPRESSION_LEVEL)
        tf.io.gfile.makedirs(folder)
        for shard, file in enumerate(files):
            name = f"transformed_examples-{shard:05d}-of-{len(files):05d}.gz"
            with tf.io.TFRecordWriter(os.path.join(folder, name), options) as writer:
                for batch in self._records.with_files((file,)).batches():
                    for record in self._encoder.encode(self._converter.convert(dict(self._transform(batch)))):
                        writer.write(record)


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
