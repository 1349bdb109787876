"""Declares CatalogTransform, which applies a preprocessing graph that there is to a new catalog."""

from __future__ import annotations

from typing import Any

import tensorflow_transform as tft
from tfx.components.transform import executor_utils
from tfx.dsl.components.base import base_executor
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples, TransformGraph

from components.local_transform.executor import RowWriter, split_files
from components.local_transform.records import Records
from components.node import Node, NodeSettings
from schema import names


class CatalogTransformSettings(NodeSettings):
    """Nothing is set: the graph says it all."""


class Executor(base_executor.BaseExecutor):
    """Writes the catalog split, transformed."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        """Runs the component."""
        del exec_properties
        graph = tft.TFTransformOutput(artifact_utils.get_single_uri(input_dict["transform_graph"]))
        transformed = output_dict["transformed_examples"]
        executor_utils.SetSplitNames([names.CATALOG], transformed)
        records = Records((), graph.raw_metadata.schema)
        writer = RowWriter(graph.transform_savedmodel_dir, graph.transformed_metadata.schema, records)
        files = split_files(input_dict["examples"], names.CATALOG)
        writer.write(files, artifact_utils.get_split_uri(transformed, names.CATALOG))


class CatalogTransform(Node):
    """Transforms the catalog of today by the graph of an earlier run.

    Products that its vocabulary lacks get the index -1, by which all readers leave them out.

    Args:
        settings: None.
        examples: Raw Examples.
        transform_graph: The preprocessing graph.
    """

    SETTINGS = CatalogTransformSettings
    INPUTS = {
        "examples": Examples,
        "transform_graph": TransformGraph,
    }
    OUTPUTS = {"transformed_examples": Examples}
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
