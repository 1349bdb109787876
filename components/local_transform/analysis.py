"""Runs the analysis that TensorFlow Transform plans for a `preprocessing_fn`, in this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_transform import annotators, graph_tools, impl_helper, nodes
from tensorflow_transform.beam import analysis_graph_builder, analyzer_cache, beam_nodes
from tensorflow_transform.saved.saved_transform_io_v2 import SavedModelLoader

from components.local_transform import operations
from components.local_transform.records import Records

Apply = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class Analyzed:
    """A `preprocessing_fn` whose analyzers are computed.

    Attributes:
        model: Folder of the SavedModel.
        columns: Columns that it reads.
        asset_map: Name of a vocabulary -> its file.
    """

    model: str
    columns: frozenset[str]
    asset_map: Mapping[str, str]


def analyze(preprocessing_fn: Callable[..., Any], records: Records, folder: str) -> Analyzed:
    """Computes what the analyzers need of `records`.

    Args:
        preprocessing_fn: What is to be computed.
        records: The data that are analyzed.
        folder: Where vocabularies and SavedModels are written.

    Raises:
        Unsupported: It needs what only the Beam pipeline has.
    """
    tf.io.gfile.makedirs(folder)
    specs = records.type_specs()
    graph, inputs, outputs = impl_helper.trace_preprocessing_function(
        preprocessing_fn, specs, use_tf_compat_v1=False, base_temp_dir=folder
    )
    read = frozenset(graph_tools.get_dependent_inputs(graph, inputs, outputs))
    asset_map = annotators.get_asset_annotations(graph)
    annotators.clear_asset_annotations(graph)
    fingerprint = graph_tools.get_analyzers_fingerprint(graph, inputs)
    key = analyzer_cache.DatasetKey("all").non_cacheable()
    planned, _, _ = analysis_graph_builder.build(graph, inputs, outputs, {key}, cache_dict=None)
    plan = list(_operations(planned))
    for node in plan:
        operations.check(node.operation_def)
    columns = tft.get_analyze_input_columns(preprocessing_fn, specs)
    run = _Run(preprocessing_fn, specs, fingerprint, plan, records.of_files(records.files, columns), folder)
    model = nodes.Traverser(run).visit_value_node(planned)
    return Analyzed(model, read, asset_map)


def _operations(value: Any) -> Iterator[Any]:
    """The operations that a value depends on, each once."""
    seen, waiting = set(), [value.parent_operation]
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            waiting.extend(parent.parent_operation for parent in node.inputs)


class _Run(nodes.Visitor):
    """Does each operation when its inputs are there; all that accumulate share one pass over the records."""

    def __init__(
        self,
        preprocessing_fn: Callable[..., Any],
        specs: Mapping[str, Any],
        fingerprint: Mapping[str, Any],
        plan: list[Any],
        records: Records,
        folder: str,
    ) -> None:
        self._preprocessing_fn = preprocessing_fn
        self._specs = specs
        self._fingerprint = fingerprint
        self._plan = plan
        self._records = records
        self._folder = folder
        self._num_models = 0

    def validate_value(self, value: Any) -> None:
        """Any value will do."""

    def visit(self, operation: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Returns the outputs of an operation."""
        kind = type(operation)
        if kind in operations.SIMPLE:
            return (operations.SIMPLE[kind](operation, *inputs),)
        if kind is beam_nodes.CreateSavedModel:
            return (self._create_model(operation, inputs),)
        if kind is beam_nodes.ApplySavedModel:
            return (self._accumulate(operation, inputs[0]),)
        if kind is beam_nodes.CreateTensorBinding:
            dtype = tf.dtypes.as_dtype(operation.dtype_enum)
            return ((operation.tensor_name, tf.constant(inputs[0], dtype)),)
        if kind is operations.WRITE:
            return (operations.write_vocabulary(operation, inputs[0], self._folder),)
        if kind is beam_nodes.Flatten:
            return (inputs,)
        if kind is beam_nodes.ExtractInputForSavedModel:
            return (None,)
        return tuple(inputs[0])

    def _create_model(self, operation: Any, bindings: tuple[tuple[str, tf.Tensor], ...]) -> str:
        self._num_models += 1
        path = os.path.join(self._folder, f"model-{self._num_models}")
        names = operation.output_signature
        is_last = not all(isinstance(value, tf.Tensor) for value in names.values())
        impl_helper.trace_and_write_v2_saved_model(
            path,
            self._preprocessing_fn,
            self._specs,
            self._folder,
            self._fingerprint,
            dict(bindings),
            {} if is_last else {key: value.name for key, value in names.items()},
            None,
        )
        return path

    def _accumulate(self, operation: Any, model: str) -> dict[str, Any]:
        """Reads the records once for all that is accumulated in a phase."""
        found: dict[str, operations.Accumulator] = {}
        for node in self._plan:
            source, keys = _source(node)
            if source is operation:
                found |= operations.accumulators(node.operation_def, keys)
        transform = load(model, self._records.type_specs())
        for batch in self._records.batches():
            tensors = transform(batch)
            for accumulator in found.values():
                accumulator.add(tensors)
        return {label: accumulator.value for label, accumulator in found.items()}


def _source(node: Any) -> tuple[Any, tuple[str, ...]]:
    """The operation whose tensors a node reads, and the names of those that it reads."""
    if not node.inputs:
        return None, ()
    above = node.inputs[0].parent_operation
    if isinstance(above.operation_def, beam_nodes.ExtractFromDict):
        return above.inputs[0].parent_operation.operation_def, above.operation_def.keys
    return above.operation_def, ()


def load(model: str, specs: Mapping[str, Any]) -> Apply:
    """Loads a SavedModel, to be called with tensors of the columns `specs`."""
    loader = SavedModelLoader(model)
    loader.finalize(set(specs), set(loader.structured_outputs))
    apply: Apply = loader.apply_transform_model
    return apply
